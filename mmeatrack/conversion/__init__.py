"""Conversion of foreign weights to this package's names and back, and published trackers."""

from .checkpoints import Converted, convert_checkpoint, names_of
from .ostrack import Conversion, convert_if_ostrack, from_ostrack, is_ostrack, to_ostrack
from .published import PublishedTracker, publish, read_published
from .state_dicts import WeightsFile, read_weights_file
from .vit import ViTConversion, convert_vit, resize_positions

under_own_names = convert_if_ostrack  # former name, kept for a release

__all__ = [
    'Conversion',
    'Converted',
    'PublishedTracker',
    'ViTConversion',
    'WeightsFile',
    'convert_checkpoint',
    'convert_if_ostrack',
    'convert_vit',
    'from_ostrack',
    'is_ostrack',
    'names_of',
    'publish',
    'read_published',
    'read_weights_file',
    'resize_positions',
    'to_ostrack',
]
