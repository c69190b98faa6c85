"""Backbones: the asymmetric one-stream vision transformer, and the contract for any other."""

from .asymmetric_vit import AsymmetricViT, load_pretrained_vit
from .protocol import (
    JointTokens,
    NumberedBackbone,
    TrackerBackbone,
    check_backbone,
    check_joint_tokens,
)

__all__ = [
    'AsymmetricViT',
    'JointTokens',
    'NumberedBackbone',
    'TrackerBackbone',
    'check_backbone',
    'check_joint_tokens',
    'load_pretrained_vit',
]
