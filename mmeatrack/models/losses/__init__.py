"""Box loss, distillation losses inside the target, and the target's masks."""

from .giou_loss import AlignedGIoULoss
from .target_feature_loss import TargetFeatureLoss
from .target_mask import MaskedLoss, TargetMask
from .target_prediction_loss import TargetPredictionLoss

__all__ = [
    'AlignedGIoULoss',
    'MaskedLoss',
    'TargetFeatureLoss',
    'TargetMask',
    'TargetPredictionLoss',
]
