"""Export of a tracker to ONNX graphs for :mod:`mmeatrack.deploy`."""

from .exporter import Differences, compare_on_frames, export_tracker
from .int8 import quantise

__all__ = ['Differences', 'compare_on_frames', 'export_tracker', 'quantise']
