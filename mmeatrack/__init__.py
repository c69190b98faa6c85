"""EATrack for OpenMMLab: a distilled single-object tracker for drone video.

Importing the package only installs the shims of :mod:`mmeatrack.compat`, which act when the
library that they are for is imported. Everything else is imported on demand: a config needs no
more than ``custom_imports = dict(imports=['mmeatrack'], allow_failed_imports=False)`` for
``mmeatrack.EATrack`` and the other parts to be found.

Shapes are written in these letters throughout: ``B`` batch, ``T`` templates, ``Nz`` template
tokens, ``Nx`` search tokens, ``C`` channels, ``Hf`` and ``Wf`` height and width of the score
map. ``Ht`` and ``Wt`` are a template crop's pixels, ``Hs`` and ``Ws`` a search crop's.
"""

from mmeatrack import compat
from mmeatrack.version import __version__

compat.apply()

__all__ = ['__version__', 'compat']
