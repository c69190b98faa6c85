"""Versions that fit together, and one message for those that do not.

mmtrack, mmcls and mmrazor each assert their neighbours' versions at import, one at a time, and
their messages contradict each other. The check here comes first and names every misfit.
"""

import platform
import sys
from importlib import metadata
from typing import Dict, List, NamedTuple, Optional


class Requirement(NamedTuple):
    """Version requirement of one distribution.

    Attributes:
        fits: Version specifier that works; other versions fail, for the reason given.
        tested: The version that the tests ran with.
        reason: Why nothing else fits.
    """

    fits: str
    tested: str
    reason: str


REQUIREMENTS: Dict[str, Requirement] = {
    'torch': Requirement('>=1.13', '2.13.0', 'the loaders need weights_only'),
    'mmengine': Requirement('>=0.10.0,<0.11', '0.10.7', 'the shims patch its 0.10 releases'),
    'mmcv': Requirement('==2.0.0rc4', '2.0.0rc4', 'mmtrack needs <2.0.0, mmcls >=2.0.0rc4'),
    'mmdet': Requirement(
        '==3.0.0rc5', '3.0.0rc5', 'mmtrack needs <3.0.0 and a Transformer that rc6 dropped'
    ),
    'mmcls': Requirement('==1.0.0rc6', '1.0.0rc6', 'mmtrack imports it, and it fits this mmcv'),
    'mmtrack': Requirement('==1.0.0rc1', '1.0.0rc1', 'the newest, on MMEngine'),
    'mmrazor': Requirement('>=1.0.0,<1.1', '1.0.0', 'the shims patch its 1.0 release'),
    'numpy': Requirement(
        '<2.4,!=1.24.*,!=1.25.*,!=1.26.*',
        '2.3.5',
        'mmtrack writes np.bool, gone in 1.24 to 1.26, and calls math.sqrt on one-element arrays, '
        'an error since 2.4',
    ),
}
"""Version of each distribution that decides whether mmtrack and mmrazor can be imported."""


def installed_version(name: str) -> Optional[str]:
    """Return the installed version of a distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def misfits() -> Dict[str, str]:
    """Return the installed version of each distribution that does not fit."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    found = {}
    for name, wanted in REQUIREMENTS.items():
        version = installed_version(name)
        fits = SpecifierSet(wanted.fits, prereleases=True)
        if version is not None and Version(version) not in fits:
            found[name] = version
    return found


def check_versions() -> None:
    """Check the installed distributions. A missing one is left to its import to report.

    Raises:
        RuntimeError: If a version does not fit; the message names every such version and the
            command that mends them. (It is no ImportError, which MMEngine's registries swallow.)
    """
    found = misfits()
    if not found:
        return
    lines = [
        f'{name} {version} is installed, {REQUIREMENTS[name].fits} is needed: '
        f'{REQUIREMENTS[name].reason}'
        for name, version in found.items()
    ]
    raise RuntimeError(
        'These versions do not work together:\n  '
        + '\n  '.join(lines)
        + f'\nInstall the tested ones: {install_command(list(found))}'
    )


def install_command(names: List[str]) -> str:
    """Return the command that installs the tested versions of distributions.

    ``--no-deps`` keeps what is there: mmtrack's metadata asks for a pandas and a scipy that no
    current Python has.
    """
    pins = [f'{name}=={REQUIREMENTS[name].tested}' for name in names]
    if sys.version_info < (3, 9) and 'numpy' in names:  # which has no numpy 2
        pins[names.index('numpy')] = "'numpy<1.24'"
    return f'pip install --no-deps {" ".join(pins)}'


def verdict() -> str:
    """Return one line: what does not fit or is missing and the command that mends it, or ''."""
    wrong = misfits()
    missing = [name for name in REQUIREMENTS if installed_version(name) is None]
    if not wrong and not missing:
        return ''
    parts = [f'{name} {found}, not {REQUIREMENTS[name].fits}' for name, found in wrong.items()]
    parts += [f'{name} is missing' for name in missing]
    mend = install_command([*wrong, *missing])
    if 'mmcv' in {*wrong, *missing}:  # its source distribution does not compile beside torch >= 2.1
        mend += ' (mmcv: python tools/install/build_mmcv.py, in the repository)'
    return f'Does not fit: {"; ".join(parts)}. Mend: {mend}'


def version_table() -> str:
    """Return a table of the installed, the tested and the fitting versions, as text."""
    lines = [f'{"package":<10} {"installed":<14} {"tested":<10} fits']
    lines.append(f'{"python":<10} {platform.python_version():<14} {"3.11":<10} >=3.8')
    for name, wanted in REQUIREMENTS.items():
        found = installed_version(name) or 'missing'
        lines.append(f'{name:<10} {found:<14} {wanted.tested:<10} {wanted.fits}')
    return '\n'.join(lines)
