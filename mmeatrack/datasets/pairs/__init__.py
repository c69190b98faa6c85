"""Training pairs that are made in batches on the device of the training."""

from .augment import Augmentation
from .base import PairBatch, PairSet
from .geometry import CropForm
from .mixed_pairs import MixedPairs
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
