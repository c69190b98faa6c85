"""Training pairs that are made in batches on the training device."""

from .augment import Augmentation
from .base import MixedPairs, PairBatch, PairSet
from .geometry import CropForm
from .still_pairs import StillPairs
from .video_pairs import VideoPairs

__all__ = [
    'Augmentation',
    'CropForm',
    'MixedPairs',
    'PairBatch',
    'PairSet',
    'StillPairs',
    'VideoPairs',
]
