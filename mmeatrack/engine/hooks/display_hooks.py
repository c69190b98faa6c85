"""Progress and pictures of a test run."""

import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Optional, Sequence

from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmtrack.engine.hooks import TrackVisualizationHook
from tqdm import tqdm

from mmeatrack.registry import HOOKS


@HOOKS.register_module()
class BenchmarkProgressHook(Hook):
    """Shows the current sequence, frames per second and the remaining time of a test run.

    On a terminal this is a bar. Elsewhere it is a line in the log after each sequence, and within a
    long one every ``interval`` seconds. In a distributed run the first process shows its own share.
    """

    priority = 'LOW'  # after finished sequences have been left out

    def __init__(self, interval: float = 30.0) -> None:
        if interval <= 0:
            raise ValueError(f'interval={interval} must be a number of seconds > 0')
        self.interval = interval
        self._bar: Optional[tqdm] = None
        self._names: Sequence[str] = ()
        self._total = 0
        self._started_at = 0.0
        self._line_at = 0.0
        self._sequence_started = (0.0, 0)  # time, number of frames before it

    def before_test(self, runner: Runner) -> None:
        """Start counting."""
        metainfo = getattr(runner.test_dataloader.dataset, 'metainfo', {})
        self._names = metainfo.get('seq_names', ())
        self._total = len(runner.test_dataloader)
        self._started_at = self._line_at = time.perf_counter()
        self._sequence_started = (self._started_at, 0)
        if is_main_process() and sys.stderr.isatty():
            self._bar = tqdm(total=self._total, unit=' frames', smoothing=0.05)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Count a frame."""
        if not outputs or not is_main_process():
            return
        sample, now = outputs[0], time.perf_counter()
        name = self._names[sample.video_id] if self._names else f'video {sample.video_id}'
        if self._bar is not None:
            if sample.frame_id == 0:
                self._bar.set_description(name, refresh=False)
            self._bar.update()
            return
        if sample.frame_id == 0:
            self._sequence_started = (now, batch_idx)
        is_last = sample.frame_id == sample.video_length - 1
        if is_last or now - self._line_at >= self.interval:
            self._line_at = now
            frame = f'{name}: frame {sample.frame_id + 1}/{sample.video_length}'
            print_log(f'{frame}, {self._speed(batch_idx + 1, now)}', logger='current')

    def after_test_epoch(self, runner: Runner, metrics: Optional[dict] = None) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _speed(self, num_done: int, now: float) -> str:
        started_at, num_before = self._sequence_started
        fps = (num_done - num_before) / max(now - started_at, 1e-9)
        seconds_left = (now - self._started_at) / num_done * (self._total - num_done)
        share = '' if get_world_size() == 1 else f' (process 1 of {get_world_size()})'
        return (
            f'{fps:.1f} frames/s, {num_done}/{self._total} frames{share}, '
            f'{timedelta(seconds=round(seconds_left))} left'
        )


@HOOKS.register_module()
class SOTVisualizationHook(TrackVisualizationHook):
    """Draws frames of a test run; every frame by default.

    mmtrack's hook joins a relative ``test_out_dir`` to the work folder again for each frame. Here
    the folder is ``<work_dir>/<time of start>/<test_out_dir>`` throughout the run.

    Args:
        interval: Number of frames from one picture to the next.
        kwargs: Arguments of mmtrack's hook, such as ``draw``, ``show`` and ``test_out_dir``.

    Example:
        >>> visualization = dict(
        ...     type='mmeatrack.SOTVisualizationHook', draw=True, test_out_dir='pictures'
        ... )
    """

    def __init__(self, interval: int = 1, **kwargs: object) -> None:
        super().__init__(interval=interval, **kwargs)
        self.test_out_dir: Optional[str]

    def before_test(self, runner: Runner) -> None:
        """Make the folder's path absolute: mmtrack's hook leaves it alone then."""
        if self.test_out_dir is not None:
            folder = Path(runner.work_dir, runner.timestamp, self.test_out_dir)
            self.test_out_dir = str(folder.resolve())
