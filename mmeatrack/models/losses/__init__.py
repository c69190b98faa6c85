"""Distillation losses inside the target, and the target's masks."""

from .target_feature_loss import TargetFeatureLoss
from .target_mask import MaskedLoss, TargetMask
from .target_prediction_loss import TargetPredictionLoss

__all__ = ['MaskedLoss', 'TargetFeatureLoss', 'TargetMask', 'TargetPredictionLoss']
