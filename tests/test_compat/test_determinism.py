import os
from types import SimpleNamespace

import pytest

from mmeatrack.compat.runner import set_cublas_workspace


@pytest.mark.parametrize(
    ('before', 'deterministic', 'after'),
    [(None, True, ':4096:8'), (':16:8', True, ':16:8'), (None, False, None)],
)
def test_a_deterministic_runner_has_a_workspace(
    monkeypatch: pytest.MonkeyPatch, before: str, deterministic: bool, after: str
) -> None:
    monkeypatch.setenv('CUBLAS_WORKSPACE_CONFIG', before or '')  # is put back after the test
    if before is None:
        monkeypatch.delenv('CUBLAS_WORKSPACE_CONFIG')
    found = []

    class Runner:
        def set_randomness(self, *arguments: object) -> None:
            found.append((arguments, os.environ.get('CUBLAS_WORKSPACE_CONFIG')))

    set_cublas_workspace(SimpleNamespace(Runner=Runner))
    Runner().set_randomness(seed=3, deterministic=deterministic)
    assert found == [((3, False, deterministic), after)]


def test_the_runner_of_a_run_is_mended() -> None:
    from mmengine.runner import Runner

    import mmeatrack.models  # noqa: F401

    assert Runner.set_randomness.__module__ == 'mmeatrack.compat.runner'
    assert Runner._maybe_compile.__module__ == 'mmeatrack.compat.runner'
