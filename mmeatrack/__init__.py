"""EATrack for OpenMMLab: a distilled single-object tracker for drone video.

Importing the package only installs the shims of :mod:`mmeatrack.compat`. Its parts are imported on
demand: with ``custom_imports = dict(imports=['mmeatrack'], allow_failed_imports=False)`` in a
config, MMEngine finds ``mmeatrack.EATrack`` and the others.

Shapes are written in these letters throughout:

- ``B`` batch, ``T`` templates of a sample, ``C`` channels;
- ``Nz`` template, ``Nt`` temporal and ``Nx`` search tokens, ``N`` tokens of any kind;
- ``Hz`` and ``Hx`` sides of template and search crop in px;
- ``Hf`` and ``Wf`` height and width of the score map, ``H`` and ``W`` of an image.
"""

from typing import TYPE_CHECKING, Any

from mmeatrack import compat
from mmeatrack.version import __version__

if TYPE_CHECKING:
    from mmeatrack.multi import MultiTracker

compat.apply()

__all__ = ['MultiTracker', '__version__', 'compat']


def __getattr__(name: str) -> Any:
    if name == 'MultiTracker':
        from mmeatrack.multi import MultiTracker

        return MultiTracker
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
