"""The parts of EATrack, each registered under the scope ``mmeatrack``."""

from mmeatrack.registry import MODELS
from mmeatrack.tracking import CalibratedConfidence, LostDetector, TargetStore

from .backbones import AsymmetricViT
from .data_preprocessors import CropDataPreprocessor
from .distillers import (
    EATrackDistill,
    EATrackDistiller,
    MultiTeacherDistill,
    SearchTokens,
    TargetMaskConnector,
)
from .heads import CenterHead
from .losses import AlignedGIoULoss, TargetFeatureLoss, TargetMask, TargetPredictionLoss
from .mot import EATrackMOT
from .teachers import MMTrackTeacher
from .trackers import EATrack

# Built by their registered names, though `tracking` itself knows no registry.
for _part in (CalibratedConfidence, LostDetector, TargetStore):
    MODELS.register_module(module=_part)

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
