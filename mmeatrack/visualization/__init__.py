"""Pictures: plots of an evaluation or training, annotated frames and videos.

:class:`~mmeatrack.visualization.sot_local_visualizer.SOTLocalVisualizer` draws in mmtrack's test
runs. It needs MMEngine, so only the registry imports it.
"""

from .annotated_frame import FrameHeader, draw_frame
from .display import select_target
from .figures import plot_reliability, plot_similarity, save_figure
from .h264 import browser_video, missing_h264
from .labelled_boxes import LabelledBox
from .ope_plots import plot_curves, plot_radar, plot_report
from .track_recorder import TrackRecorder, track_summary
from .tracking_video import annotated_frames, tracking_video
from .training_curves import plot_training_curves, read_scalars
from .video_sink import VideoSink

__all__ = [
    'FrameHeader',
    'LabelledBox',
    'TrackRecorder',
    'VideoSink',
    'annotated_frames',
    'browser_video',
    'draw_frame',
    'missing_h264',
    'plot_curves',
    'plot_radar',
    'plot_reliability',
    'plot_report',
    'plot_similarity',
    'plot_training_curves',
    'read_scalars',
    'save_figure',
    'select_target',
    'track_summary',
    'tracking_video',
]
