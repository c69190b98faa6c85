"""Cost of a frame with many targets against as many calls of a single tracker."""

import time
from typing import Any, Callable, Dict, List, Sequence

import numpy as np
import torch

from lab.costs.interleaving import interleave, ratio_of_rounds, waiting
from lab.costs.report import BenchmarkReport
from mmeatrack.multi import MultiTracker, TrackRules
from mmeatrack.structures.boxes import Box, cxcywh_to_xywh

# At 16 targets a frame costs at most half of 16 single calls.
BOUND, BOUND_AT = 0.5, 16
_HEIGHT, _WIDTH, _SIDE = 720, 1280, 40.0
_ALONE = TrackRules(unsure_for=None, sweep=0, crossing_frames=None, remove_after=None)
Seconds = Dict[int, Dict[str, np.ndarray]]


def time_targets(
    model: Any,
    counts: Sequence[int],
    rounds: int,
    device: str,
    on_count: Callable[[], object] = lambda: None,
) -> Seconds:
    """Seconds per frame by number of targets, in one batch and in single calls, interleaved.

    The decoded frame is noise, on which both ways move the boxes alike. One frame warms up.

    Returns:
        ``batch``, ``single`` and the CPU time of both, (rounds,) each, by number of targets.
    """
    found: Seconds = {}
    for count in counts:
        found[count] = _time_count(model, count, rounds, device)
        on_count()
    return found


@torch.no_grad()
def _time_count(model: Any, count: int, rounds: int, device: str) -> Dict[str, np.ndarray]:
    frame = np.random.default_rng(0).integers(0, 256, (_HEIGHT, _WIDTH, 3), dtype=np.uint8)
    tracker, states = MultiTracker(model, _ALONE), []
    for box in _grid(count):
        tracker.add(frame, cxcywh_to_xywh(box))
        states.append(model.start(model.as_image(frame), box))
    cpu: Dict[str, List[float]] = {'batch': [], 'single': []}

    def track_singly() -> None:
        for state in states:
            model.state = state
            model.track(model.as_image(frame), [])

    def timed(name: str, task: Callable[[], object]) -> None:
        began = time.process_time()
        waiting(task, device)()
        cpu[name].append(time.process_time() - began)

    tasks = {
        'batch': lambda: timed('batch', lambda: tracker.track(frame)),
        'single': lambda: timed('single', track_singly),
    }
    interleave(tasks, 1)
    seconds = interleave(tasks, rounds, seed=count)
    seconds.update({f'{name}, CPU': np.array(times[1:]) for name, times in cpu.items()})
    return seconds


def report_targets(report: BenchmarkReport, seconds: Seconds) -> None:
    """Add the table over the number of targets, and the verdict."""
    rows = []
    for count, times in seconds.items():
        batch, single = (1e3 * float(np.median(times[name])) for name in ('batch', 'single'))
        ratio = ratio_of_rounds(times['batch'], times['single'])
        cpu = ratio_of_rounds(times['batch, CPU'], times['single, CPU'])
        shown = [f'{batch:.1f}', f'{batch / count:.2f}', f'{single:.1f}', str(ratio), str(cpu)]
        rows.append([str(count), *shown])
        if count == BOUND_AT:
            report.verdict(f'{count} targets / {count} calls', ratio.value, BOUND, str(ratio))
    header = ['targets', 'frame ms', 'ms per target', 'single calls ms', 'ratio', 'CPU ratio']
    report.table(header, rows)


def _grid(count: int) -> List[Box]:
    """Boxes of equal size in a grid."""
    columns = 8
    return [
        (100.0 + 140 * (i % columns), 60.0 + 80 * (i // columns), _SIDE, _SIDE)
        for i in range(count)
    ]
