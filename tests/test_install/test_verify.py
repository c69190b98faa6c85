"""The check after the installation names the failing import and the remedy."""

from typing import Any

import pytest

from tests.scripts import load_script

verify = load_script('install/verify')


def test_an_error_is_its_last_line() -> None:
    assert verify.failure('pass') == ''
    assert verify.failure('import no_such_module').endswith("No module named 'no_such_module'")
    assert verify.failure('import os; os._exit(7)') == 'ended with 7'


@pytest.mark.parametrize('installed', [False, True])
def test_torchvision_is_checked_only_if_installed(
    monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    def find_spec(name: str) -> Any:
        return object() if installed and name == 'torchvision' else None

    monkeypatch.setattr(verify.importlib.util, 'find_spec', find_spec)
    codes = [code for code, _ in verify.checks()]
    assert ('import torchvision' in codes) is installed
    assert 'import cv2' in codes


def test_first_failure_ends_it_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, 'CHECKS', [('import no_such_module', 'Install it.')])
    monkeypatch.setattr(verify.importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(SystemExit) as error:
        verify.main()
    assert "'import no_such_module' fails" in str(error.value)
    assert str(error.value).endswith('Install it.')
