"""Cost of the Target Store per frame."""

import copy
from inspect import signature
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from lab.costs.interleaving import interleave, ratio_of_typical_periods, typical_mean
from lab.costs.report import BenchmarkReport
from mmeatrack.registry import MODELS
from mmeatrack.structures.boxes import Box
from mmeatrack.tracking import TargetStore

BOUNDS = {'concat': 1.05, 'blend': 1.01}
# Without the store, twice: how far the ratio of two equal trackers is from 1.
WITHOUT, CONTROL = 'without', 'without, again'
_SIDE, _HEIGHT, _WIDTH = 40, 360, 640


def store_config(config: Config, interval: Optional[int] = None) -> Dict[str, Any]:
    """The store of the config's TemporalAdaptationHook, or the default one; it admits any score.

    Random weights are never sure of anything, and a store that stays empty costs nothing.

    Args:
        config: Config of a tracker.
        interval: In place of the config's.

    Raises:
        ValueError: If its interval is 'auto', which has no period to measure over.
    """
    stores = [hook.get('store', {}) for hook in config.get('custom_hooks', []) if 'store' in hook]
    default = signature(TargetStore).parameters['interval'].default
    store = dict(type='mmeatrack.TargetStore', interval=default)
    store.update(stores[0] if stores else {})
    if interval is not None:
        store['interval'] = interval
    if not isinstance(store['interval'], int):
        raise ValueError(f'interval={store["interval"]!r}: give a number with --interval.')
    return dict(store, threshold=0.0)


def build_trackers(config: Config, store: Dict[str, Any], device: str) -> Dict[str, Any]:
    """Trackers of the same weights: two without the store and one for each fusion.

    Args:
        config: Config of a tracker, or of a distillation: its student.
        store: From :func:`store_config`.
        device: 'cpu', 'cuda:0' ...

    Raises:
        ValueError: If the config has no model.
    """
    if 'model' not in config:
        raise ValueError(f'{config.filename} has no `model`: give the config of a tracker.')
    cfg = copy.deepcopy(config.model.get('architecture', config.model))
    # A frame that counts as lost would not be offered to the store.
    cfg.update(temporal=None, lost_detector=dict(lost_below=0.0))
    first = MODELS.build(cfg).to(device).eval()
    trackers = {WITHOUT: first, CONTROL: copy.deepcopy(first)}
    for fusion in BOUNDS:
        trackers[fusion] = copy.deepcopy(first)
        trackers[fusion].set_temporal(dict(store, fusion=fusion))
    return trackers


class PinnedVideo:
    """A video in memory whose target moves in a circle, at positions that trackers are given.

    So every tracker cuts the same crops, and nothing but the store makes their work differ.

    Args:
        device: Where the frames lie.
        seed: Of the noise in the background.
    """

    def __init__(self, device: str, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        shape = (1, 3, _HEIGHT, _WIDTH)
        ground = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
        self._ground = ground.to(device)

    def box(self, frame: int) -> Box:
        """Centre and size of the target in image px."""
        angle = 0.05 * frame
        x, y = _WIDTH / 2 + 100 * np.cos(angle), _HEIGHT / 2 + 100 * np.sin(angle)
        return (float(x), float(y), float(_SIDE), float(_SIDE))

    def frame(self, frame: int) -> Tensor:
        """(1, 3, H, W) uint8."""
        x, y = (int(v) - _SIDE // 2 for v in self.box(frame)[:2])
        image = self._ground.clone()
        image[..., y : y + _SIDE, x : x + _SIDE] = frame % 256
        return image


@torch.no_grad()
def time_frames(
    trackers: Dict[str, Any],
    interval: int,
    periods: int,
    device: str,
    on_frame: Callable[[], object] = lambda: None,
) -> Dict[str, np.ndarray]:
    """Seconds (periods, interval) of tracking by tracker, interleaved on the same frames.

    Args:
        trackers: From :func:`build_trackers`.
        interval: Frames between the store's activations.
        periods: Intervals to time, after two that fill the store.
        device: 'cpu', 'cuda:0' ...
        on_frame: Called after each timed frame.
    """
    video = PinnedVideo(device)
    for tracker in trackers.values():
        tracker.memo = _Memo(torch.tensor([video.box(0)]))
        tracker.init(video.frame(0))
    rounds: List[Dict[str, np.ndarray]] = []
    for number in range(1, (periods + 2) * interval + 1):
        image, box = video.frame(number), video.box(number)

        def follow(tracker: Any, image: Tensor = image, box: Box = box) -> None:
            tracker.state.box = box
            tracker.track(image, [])
            if device != 'cpu':
                torch.cuda.synchronize(device)

        tasks = {name: (lambda t=t: follow(t)) for name, t in trackers.items()}
        seconds = interleave(tasks, 1, seed=number)
        if number > 2 * interval:
            rounds.append(seconds)
            on_frame()
    return {
        name: np.concatenate([each[name] for each in rounds]).reshape(periods, interval)
        for name in trackers
    }


@torch.no_grad()
def time_parts(tracker: Any, rounds: int, device: str) -> Dict[str, np.ndarray]:
    """Seconds (rounds,) of the network's parts, interleaved.

    Args:
        tracker: A tracker.
        rounds: Rounds, after one to warm up.
        device: 'cpu', 'cuda:0' ...
    """
    net = tracker.backbone

    def crop(side: int) -> Tensor:
        return torch.zeros(1, 3, side, side, device=device)

    template, search = crop(net.template_size), crop(net.search_size)
    z, x = net.forward_template(template), net.forward_search(search)
    head_input = x.transpose(1, 2).unflatten(2, torch.Size((net.search_grid, net.search_grid)))
    parts: Dict[str, Callable[[], object]] = {
        'separate stage, search crop': lambda: net.forward_search(search),
        'joint stage': lambda: net.forward_joint(z, x),
        'joint stage with temporal tokens': lambda: net.forward_joint(z, x, z),
        'head': lambda: tracker.head(head_input),
        'separate stage, template crop (once an interval)': lambda: net.forward_template(template),
    }

    def waiting(part: Callable[[], object]) -> None:
        part()
        if device != 'cpu':
            torch.cuda.synchronize(device)

    tasks = {name: (lambda part=part: waiting(part)) for name, part in parts.items()}
    interleave(tasks, 1)
    return interleave(tasks, rounds)


def report_frames(report: BenchmarkReport, seconds: Dict[str, np.ndarray]) -> None:
    """Add the table of times per frame and the ratios against their bounds."""
    rows = []
    for name, times in seconds.items():
        ratio: Optional[object] = '1'
        if name != WITHOUT:
            ratio = ratio_of_typical_periods(times, seconds[WITHOUT])
        shown = [typical_mean(times), float(times.mean()), float(np.median(times))]
        rows.append([name, *(f'{1e3 * value:.2f}' for value in shown), str(ratio)])
    header = ['store', 'mean ms', 'raw mean ms', 'median ms', 'mean / without']
    report.table(header, rows)
    report.text(
        'Mean: over an interval, of the medians at each of its frames, so that the view taken once '
        'an interval counts and interruptions do not.'
    )
    for fusion, bound in BOUNDS.items():
        result = ratio_of_typical_periods(seconds[fusion], seconds[WITHOUT])
        report.verdict(f'mean time per frame, {fusion} / without', result.value, bound, str(result))


def report_parts(report: BenchmarkReport, seconds: Dict[str, np.ndarray]) -> None:
    """Add the table of the parts' times."""
    rows = [[name, f'{1e3 * np.median(times):.2f}'] for name, times in seconds.items()]
    report.table(['where the time goes', 'median ms'], rows)


class _Memo:
    """mmtrack's memory between frames: the box, (1, 4) centre and size in image px."""

    def __init__(self, bbox: Tensor) -> None:
        self.bbox = bbox
