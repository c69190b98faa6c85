"""One message names all versions that do not fit, with the command that fixes them."""

from typing import Callable, Dict, Optional

import pytest

from mmeatrack.compat import versions
from mmeatrack.compat.__main__ import main

Install = Callable[..., None]
TESTED = {name: wanted.tested for name, wanted in versions.REQUIREMENTS.items()}


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Pretend that only these distributions are installed."""

    def install(installed: Dict[str, Optional[str]]) -> None:
        monkeypatch.setattr(versions, 'installed_version', installed.get)

    return install


def test_this_environment_fits() -> None:
    versions.check_versions()


def test_tested_versions_fit_and_missing_ones_are_no_misfits(install: Install) -> None:
    install({**TESTED, 'torch': '2.13.0+cpu'})
    assert versions.misfits() == {}
    install({})
    assert versions.misfits() == {}
    assert 'mmcv       missing        2.0.0rc4' in versions.version_table()


def test_all_misfits_are_named_at_once_with_the_remedy(install: Install) -> None:
    install({'mmcv': '2.1.0', 'mmdet': '3.3.0', 'mmengine': '0.10.7'})
    with pytest.raises(RuntimeError) as error:
        versions.check_versions()
    text = str(error.value)
    assert 'mmcv 2.1.0 is installed, ==2.0.0rc4 is needed' in text
    assert 'mmdet 3.3.0 is installed, ==3.0.0rc5 is needed' in text
    assert 'mmengine' not in text
    assert text.endswith('pip install --no-deps mmcv==2.0.0rc4 mmdet==3.0.0rc5')


def test_numpy_versions_that_fit(install: Install) -> None:
    fits = {}
    for version in ('1.22.4', '1.23.5', '1.24.0', '1.26.4', '2.0.2', '2.3.5', '2.4.0'):
        install({'numpy': version})
        fits[version] = versions.misfits() == {}
    assert [version for version in fits if fits[version]] == ['1.22.4', '1.23.5', '2.0.2', '2.3.5']


def test_verdict_is_one_line(install: Install) -> None:
    install(TESTED)
    assert versions.verdict() == ''
    install({**TESTED, 'mmcv': '2.1.0', 'mmdet': '3.3.0', 'mmrazor': None})
    assert versions.verdict() == (
        'Does not fit: mmcv 2.1.0, not ==2.0.0rc4; mmdet 3.3.0, not ==3.0.0rc5; mmrazor is '
        'missing. Fix: pip install --no-deps mmcv==2.0.0rc4 mmdet==3.0.0rc5 mmrazor==1.0.0 '
        '(mmcv: python tools/install/build_mmcv.py, in the repository)'
    )


def test_command_ends_with_the_verdict(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install(TESTED)
    main([])
    assert capsys.readouterr().out.splitlines()[-1] == 'These versions fit.'
    install({**TESTED, 'mmcv': '2.1.0'})
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith('Does not fit: mmcv 2.1.0')
