"""Tracking in a few lines: a trained tracker on the frames of a file, a folder or a camera."""

from mmeatrack.files.frame_sources import FrameSource, open_frames
from mmeatrack.files.image_file import read_image

from .inference import TrackResult, load_tracker, track_frames

__all__ = [
    'FrameSource',
    'TrackResult',
    'load_tracker',
    'open_frames',
    'read_image',
    'track_frames',
]
