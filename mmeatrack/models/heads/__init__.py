"""Heads: the center head of OSTrack and its post-processing."""

from .center_head import CenterHead, CenterHeadOutput, CenterPrediction

__all__ = ['CenterHead', 'CenterHeadOutput', 'CenterPrediction']
