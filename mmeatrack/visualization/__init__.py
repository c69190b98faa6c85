"""Pictures: curves of an evaluation and what else there is to see."""

from .annotated_frame import draw_frame
from .frame_header import FrameHeader
from .labelled_boxes import LabelledBox
from .ope_plots import plot_curves, plot_radar, plot_report
from .track_recorder import TrackRecorder
from .tracking_video import annotated_frames, tracking_video
from .training_curves import plot_training_curves, read_scalars
from .video_sink import VideoSink

__all__ = [
    'FrameHeader',
    'LabelledBox',
    'TrackRecorder',
    'VideoSink',
    'annotated_frames',
    'draw_frame',
    'plot_curves',
    'plot_radar',
    'plot_report',
    'plot_training_curves',
    'read_scalars',
    'tracking_video',
]
