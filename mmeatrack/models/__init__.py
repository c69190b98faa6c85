"""The parts of EATrack, each registered under the scope ``mmeatrack``."""

from .backbones import AsymmetricViT
from .confidence import CalibratedConfidence, LostDetector
from .data_preprocessors import CropDataPreprocessor
from .distillers import (
    EATrackDistill,
    EATrackDistiller,
    MMTrackTeacher,
    MultiTeacherDistill,
    SearchTokens,
    TargetMaskConnector,
)
from .heads import CenterHead
from .losses import AlignedGIoULoss, TargetFeatureLoss, TargetMask, TargetPredictionLoss
from .mot import EATrackMOT
from .temporal import TargetStore
from .trackers import EATrack

__all__ = [
    'AlignedGIoULoss',
    'AsymmetricViT',
    'CalibratedConfidence',
    'CenterHead',
    'CropDataPreprocessor',
    'EATrack',
    'EATrackDistill',
    'EATrackDistiller',
    'EATrackMOT',
    'LostDetector',
    'MMTrackTeacher',
    'MultiTeacherDistill',
    'SearchTokens',
    'TargetFeatureLoss',
    'TargetMask',
    'TargetMaskConnector',
    'TargetPredictionLoss',
    'TargetStore',
]
