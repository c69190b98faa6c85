"""Conversion of foreign weights to this package's names, and back."""

from .ostrack import Conversion, from_ostrack, is_ostrack, to_ostrack
from .weights_file import WeightsFile, read_weights_file

__all__ = [
    'Conversion',
    'WeightsFile',
    'from_ostrack',
    'is_ostrack',
    'read_weights_file',
    'to_ostrack',
]
