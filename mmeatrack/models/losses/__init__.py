"""Distillation losses inside the target, and the mask that says where that is."""

from .target_feature_loss import TargetFeatureLoss
from .target_mask import TargetMask
from .target_prediction_loss import TargetPredictionLoss

__all__ = ['TargetFeatureLoss', 'TargetMask', 'TargetPredictionLoss']
