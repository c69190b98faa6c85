"""Speed of several trackers: network alone, and from frame to box."""

import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
import torch

from lab.costs.interleaving import interleave, waiting
from lab.costs.speed_trackers import Contestant, Task
from lab.real_trackers import Clip
from mmeatrack.evaluation.ope import ope_scores
from mmeatrack.files.image_file import read_image

_WARM_UPS, _SIDE = 3, 60


class Tracked(NamedTuple):
    """Results of one tracker on all sequences.

    Attributes:
        seconds: (frames,) from frame to box, without the first frames of the sequences.
        success: Success AUC, 0 to 1; None without sequences or with random weights.
    """

    seconds: np.ndarray
    success: Optional[float]


class Video(NamedTuple):
    """Frames in memory and true boxes (N, 4), x, y, w, h."""

    name: str
    frames: List[np.ndarray]
    boxes: np.ndarray


def noise_video(count: int, height: int = 720, width: int = 1280, seed: int = 0) -> Video:
    """Square moving in a circle over noise."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    target = rng.integers(0, 256, (_SIDE, _SIDE, 3), dtype=np.uint8)
    frames, boxes = [], np.zeros((count, 4))
    for i in range(count):
        x = int(width / 2 + height / 4 * np.cos(0.05 * i)) - _SIDE // 2
        y = int(height / 2 + height / 4 * np.sin(0.05 * i)) - _SIDE // 2
        frames.append(ground.copy())
        frames[-1][y : y + _SIDE, x : x + _SIDE] = target
        boxes[i] = x, y, _SIDE, _SIDE
    return Video('noise', frames, boxes)


def read_video(clip: Clip) -> Video:
    """Read the frames of a sequence into memory."""
    return Video(clip.name, [read_image(path) for path in clip.frames], clip.boxes)


def clock_of(device: str, threads: int) -> Callable[[], float]:
    """Processor time if one thread of the CPU does all the work, else wall time."""
    return time.process_time if device == 'cpu' and threads == 1 else time.perf_counter


def time_networks(
    contestants: Sequence[Contestant],
    rounds: int,
    clock: Callable[[], float],
    on_round: Callable[[], object],
) -> Dict[str, Dict[str, np.ndarray]]:
    """Seconds (rounds,) of ``network`` and ``template`` by tracker, interleaved."""
    found = {}
    for part in ('network', 'template'):
        tasks: Dict[str, Task] = {
            each.name: getattr(each, part) for each in contestants if getattr(each, part)
        }
        if tasks:
            interleave(tasks, _WARM_UPS)
            found[part] = interleave(tasks, rounds, clock=clock, on_round=on_round)
    return found


def track_videos(
    contestants: Sequence[Contestant],
    videos: Sequence[Video],
    scored: bool,
    clock: Callable[[], float],
    on_frame: Callable[[], object],
) -> Dict[str, Tracked]:
    """Run all trackers on the videos, interleaved frame by frame in random order."""
    seconds: Dict[str, List[float]] = {each.name: [] for each in contestants}
    boxes: Dict[str, Dict[str, np.ndarray]] = {each.name: {} for each in contestants}
    rng = np.random.default_rng(0)
    for video in videos:
        first: Any = tuple(float(value) for value in video.boxes[0])
        runs = {each.name: each.run(video.frames, first) for each in contestants}
        found: Dict[str, list] = {name: [] for name in runs}
        for number in range(len(video.frames)):
            for name in rng.permutation(list(runs)):
                began = clock()
                found[name].append(next(runs[name]).box_xywh)
                if number > _WARM_UPS:
                    seconds[name].append(clock() - began)
            on_frame()
        for name, rows in found.items():
            boxes[name][video.name] = np.array(rows)
    truth = {video.name: video.boxes for video in videos}
    tracked = {}
    for each in contestants:
        success = None
        if scored and each.trained:
            success = ope_scores(boxes[each.name], truth, absent='miss').success_auc
        tracked[each.name] = Tracked(np.array(seconds[each.name]), success)
    return tracked


def matmul_rate(
    device: str, clock: Callable[[], float], side: int = 1024, rounds: int = 15
) -> float:
    """Best rate of a float32 matrix product in floating point operations per second."""
    values = torch.randn(side, side, device=device)
    seconds = []
    product = waiting(lambda: values @ values, device)
    for _ in range(rounds):
        began = clock()
        product()
        seconds.append(clock() - began)
    return float(2 * side**3 / min(seconds))
