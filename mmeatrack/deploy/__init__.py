"""Deployed tracker: exported graphs in ONNX Runtime or OpenVINO, without PyTorch."""

from .folder import ExportedTracker, read_export
from .tracker import DeployedTracker, TrackedFrame

__all__ = ['DeployedTracker', 'ExportedTracker', 'TrackedFrame', 'read_export']
