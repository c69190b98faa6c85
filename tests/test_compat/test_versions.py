"""One message names every version that does not fit, and the command that mends it."""

from typing import Dict, Optional

import pytest

from mmeatrack.compat import versions
from mmeatrack.compat.__main__ import main


def pretend(monkeypatch: pytest.MonkeyPatch, installed: Dict[str, str]) -> None:
    def version(name: str) -> Optional[str]:
        return installed.get(name)

    monkeypatch.setattr(versions, 'installed_version', version)


def test_this_environment_fits() -> None:
    versions.check_versions()


def test_the_tested_versions_fit_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    tested = {name: wanted.tested for name, wanted in versions.REQUIREMENTS.items()}
    pretend(monkeypatch, {**tested, 'torch': '2.13.0+cpu'})
    assert versions.misfits() == {}


def test_all_misfits_are_named_at_once_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, {'mmcv': '2.1.0', 'mmdet': '3.3.0', 'mmengine': '0.10.7'})
    with pytest.raises(RuntimeError) as error:
        versions.check_versions()
    text = str(error.value)
    assert 'mmcv 2.1.0 is installed, ==2.0.0rc4 is needed' in text
    assert 'mmdet 3.3.0 is installed, ==3.0.0rc5 is needed' in text
    assert 'mmengine' not in text
    assert text.endswith('pip install --no-deps mmcv==2.0.0rc4 mmdet==3.0.0rc5')


@pytest.mark.parametrize(
    ('numpy', 'fits'),
    [
        ('1.22.4', True),
        ('1.23.5', True),
        ('1.24.0', False),
        ('1.26.4', False),
        ('2.0.2', True),
        ('2.3.5', True),
        ('2.4.0', False),
    ],
)
def test_which_numpy_fits(monkeypatch: pytest.MonkeyPatch, numpy: str, fits: bool) -> None:
    pretend(monkeypatch, {'numpy': numpy})
    assert (versions.misfits() == {}) is fits


def test_what_is_not_installed_is_no_misfit(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, {})
    assert versions.misfits() == {}
    assert 'mmcv       missing        2.0.0rc4' in versions.version_table()


def test_what_to_do_beside_another_stack_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    tested = {name: wanted.tested for name, wanted in versions.REQUIREMENTS.items()}
    pretend(monkeypatch, tested)
    assert versions.verdict() == ''
    installed = {**tested, 'mmcv': '2.1.0', 'mmdet': '3.3.0'}
    del installed['mmrazor']
    pretend(monkeypatch, installed)
    assert versions.verdict() == (
        'Does not fit: mmcv 2.1.0, not ==2.0.0rc4; mmdet 3.3.0, not ==3.0.0rc5; mmrazor is '
        'missing. Mend: pip install --no-deps mmcv==2.0.0rc4 mmdet==3.0.0rc5 mmrazor==1.0.0 '
        '(mmcv: python tools/install/build_mmcv.py, in the repository)'
    )


@pytest.mark.parametrize(
    ('installed', 'status', 'last'),
    [('2.0.0rc4', 0, 'These versions fit.'), ('2.1.0', 1, 'Does not fit: mmcv 2.1.0')],
)
def test_command_tells_by_its_last_line_and_status(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    installed: str,
    status: int,
    last: str,
) -> None:
    tested = {name: wanted.tested for name, wanted in versions.REQUIREMENTS.items()}
    pretend(monkeypatch, {**tested, 'mmcv': installed})
    try:
        main([])
        found = 0
    except SystemExit as end:
        found = int(end.code or 0)
    assert found == status
    assert capsys.readouterr().out.splitlines()[-1].startswith(last)
