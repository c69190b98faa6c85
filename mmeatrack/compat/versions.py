"""Versions that fit together, and one message for those that do not.

mmtrack, mmcls and mmrazor each assert their neighbours' versions at import, one at a time, and
their messages contradict each other. The check here comes first and names every misfit.
"""

import platform
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


def misfits() -> List[str]:
    """Return a line for each installed distribution whose version does not fit."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    lines = []
    for name, wanted in REQUIREMENTS.items():
        found = installed_version(name)
        fits = SpecifierSet(wanted.fits, prereleases=True)
        if found is not None and Version(found) not in fits:
            lines.append(f'{name} {found} is installed, {wanted.fits} is needed: {wanted.reason}')
    return lines


def check_versions() -> None:
    """Check the installed distributions. A missing one is left to its import to report.

    Raises:
        RuntimeError: If a version does not fit; the message names every such version and the
            command that mends them. (It is no ImportError, which MMEngine's registries swallow.)
    """
    lines = misfits()
    if not lines:
        return
    names = [line.split()[0] for line in lines]
    pins = ' '.join(f'{name}=={REQUIREMENTS[name].tested}' for name in names)
    raise RuntimeError(
        'These versions do not work together:\n  '
        + '\n  '.join(lines)
        + f'\nInstall the tested ones: pip install --no-deps {pins}'
    )


def version_table() -> str:
    """Return a table of the installed, the tested and the fitting versions, as text."""
    lines = [f'{"package":<10} {"installed":<14} {"tested":<10} fits']
    lines.append(f'{"python":<10} {platform.python_version():<14} {"3.11":<10} >=3.8')
    for name, wanted in REQUIREMENTS.items():
        found = installed_version(name) or 'missing'
        lines.append(f'{name:<10} {found:<14} {wanted.tested:<10} {wanted.fits}')
    return '\n'.join(lines)
