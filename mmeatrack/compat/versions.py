"""Check of the installed versions, with one message for all that do not fit.

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
        fits: Specifier of the versions that work.
        tested: Version that the tests ran with.
        reason: Reason why other versions fail.
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
"""Distributions whose versions decide whether mmtrack and mmrazor can be imported."""


def installed_version(name: str) -> Optional[str]:
    """Return the installed version of a distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def misfits() -> Dict[str, str]:
    """Return the installed version of each distribution that does not fit."""
    from packaging.specifiers import SpecifierSet

    found = {name: installed_version(name) for name in REQUIREMENTS}
    return {
        name: version
        for name, version in found.items()
        if version and not SpecifierSet(REQUIREMENTS[name].fits).contains(version, prereleases=True)
    }


def check_versions() -> None:
    """Check the installed distributions. A missing one is left to its import to report.

    Raises:
        RuntimeError: If a version does not fit; the message names every such version and the
            command that fixes them. (MMEngine's registries would swallow an ImportError.)
    """
    found = misfits()
    if found:
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

    It has ``--no-deps``: mmtrack's metadata requires a pandas and a scipy that no current Python
    has.
    """
    pins = [f'{name}=={REQUIREMENTS[name].tested}' for name in names]
    if sys.version_info < (3, 9) and 'numpy' in names:  # there is no numpy 2 for it
        pins[names.index('numpy')] = "'numpy<1.24'"
    return f'pip install --no-deps {" ".join(pins)}'


def verdict() -> str:
    """Return one line with misfits, missing distributions and the remedy, or '' if all fit."""
    wrong = misfits()
    missing = [name for name in REQUIREMENTS if installed_version(name) is None]
    if not wrong and not missing:
        return ''
    parts = [f'{name} {found}, not {REQUIREMENTS[name].fits}' for name, found in wrong.items()]
    parts += [f'{name} is missing' for name in missing]
    remedy = install_command([*wrong, *missing])
    if 'mmcv' in {*wrong, *missing}:  # its source distribution does not compile with torch >= 2.1
        remedy += ' (mmcv: python tools/install/build_mmcv.py, in the repository)'
    return f'Does not fit: {"; ".join(parts)}. Fix: {remedy}'


def version_table() -> str:
    """Return a table of the installed, the tested and the fitting versions, as text."""
    rows = [('package', 'installed', 'tested', 'fits')]
    rows.append(('python', platform.python_version(), '3.11', '>=3.8'))
    for name, wanted in REQUIREMENTS.items():
        rows.append((name, installed_version(name) or 'missing', wanted.tested, wanted.fits))
    return '\n'.join(f'{row[0]:<10} {row[1]:<14} {row[2]:<10} {row[3]}' for row in rows)
