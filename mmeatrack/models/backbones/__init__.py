"""Backbones: the asymmetric one-stream vision transformer."""

from .asymmetric_vit import AsymmetricViT, JointTokens
from .pretrained_vit import load_pretrained_vit

__all__ = ['AsymmetricViT', 'JointTokens', 'load_pretrained_vit']
