"""Distillation through mmrazor: algorithm, distiller, recorder and connector."""

from .connectors import LayerOutputsRecorder, SearchTokens, TargetMaskConnector
from .eatrack_distill import EATrackDistill
from .eatrack_distiller import EATrackDistiller
from .multi_teacher_distill import MultiTeacherDistill

__all__ = [
    'EATrackDistill',
    'EATrackDistiller',
    'LayerOutputsRecorder',
    'MultiTeacherDistill',
    'SearchTokens',
    'TargetMaskConnector',
]
