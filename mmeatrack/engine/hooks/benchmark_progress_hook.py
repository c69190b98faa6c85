"""Progress of a test run."""

import sys
import time
from datetime import timedelta
from typing import Any, Optional, Sequence, Tuple

from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from tqdm import tqdm

from mmeatrack.registry import HOOKS


@HOOKS.register_module()
class BenchmarkProgressHook(Hook):
    """Names the sequence that is being tracked, frames per second and the time left.

    On a terminal this is a bar; elsewhere it is a line in the log after each sequence, and within a
    long one every ``interval`` seconds. Of several processes the first shows its own share.
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
        sample = outputs[0]
        name = self._sequence_name(sample.video_id)
        if self._bar is not None:
            if sample.frame_id == 0:
                self._bar.set_description(name, refresh=False)
            self._bar.update()
            return
        if sample.frame_id == 0:
            self._sequence_started = (time.perf_counter(), batch_idx)
        is_last = sample.frame_id == sample.video_length - 1
        if is_last or time.perf_counter() - self._line_at >= self.interval:
            self._line_at = time.perf_counter()
            position = (sample.frame_id + 1, sample.video_length)
            print_log(self._line(name, batch_idx + 1, position), logger='current')

    def after_test_epoch(self, runner: Runner, metrics: Optional[dict] = None) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _line(self, name: str, num_done: int, position: Tuple[int, int]) -> str:
        """The state as a line of text; ``position`` is frame and number of frames."""
        now = time.perf_counter()
        started_at, num_before = self._sequence_started
        fps = (num_done - num_before) / max(now - started_at, 1e-9)
        seconds_left = (now - self._started_at) / num_done * (self._total - num_done)
        share = '' if get_world_size() == 1 else f' (process 1 of {get_world_size()})'
        return (
            f'{name}: frame {position[0]}/{position[1]}, {fps:.1f} frames/s, '
            f'{num_done}/{self._total} frames{share}, {timedelta(seconds=round(seconds_left))} left'
        )

    def _sequence_name(self, video_id: int) -> str:
        return self._names[video_id] if self._names else f'video {video_id}'
