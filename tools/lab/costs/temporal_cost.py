"""Cost per frame of the Target Store."""

import copy
from functools import partial
from inspect import signature
from types import SimpleNamespace
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from lab.costs.interleaving import interleave, ratio_of_typical_periods, typical_mean, waiting
from lab.costs.report import BenchmarkReport
from mmeatrack.registry import MODELS
from mmeatrack.structures.boxes import Box
from mmeatrack.tracking import TargetStore

BOUNDS = {'concat': 1.05, 'blend': 1.01}
# Two trackers without the store: the ratio of equal trackers shows the noise.
WITHOUT, CONTROL = 'without', 'without, again'
_SIDE, _HEIGHT, _WIDTH = 40, 360, 640


def store_config(config: Config, interval: Optional[int] = None) -> Dict[str, Any]:
    """Store of the config's TemporalAdaptationHook, or the default one, that admits any score.

    With random weights all scores are low, and a store that stays empty costs nothing.
    ``interval`` overrides the config's.

    Raises:
        ValueError: If the interval is 'auto', which has no fixed period.
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
    """Trackers with the same weights: two without the store, and one for each fusion.

    Of the config of a distillation, the tracker is the student.

    Raises:
        ValueError: If the config has no model.
    """
    if 'model' not in config:
        raise ValueError(f'{config.filename} has no `model`: give the config of a tracker.')
    cfg = copy.deepcopy(config.model.get('architecture', config.model))
    # A frame that counts as lost is not offered to the store.
    cfg.update(temporal=None, lost_detector=dict(lost_below=0.0))
    first = MODELS.build(cfg).to(device).eval()
    trackers = {WITHOUT: first, CONTROL: copy.deepcopy(first)}
    for fusion in BOUNDS:
        trackers[fusion] = copy.deepcopy(first)
        trackers[fusion].set_temporal(dict(store, fusion=fusion))
    return trackers


def circling_square(frames: int, device: str) -> Iterator[Tuple[Tensor, Box]]:
    """Frames (1, 3, H, W) uint8 of a square circling over noise, and its box in image px.

    Trackers are given the box: so all cut the same crops, and differ by the store alone.
    """
    generator = torch.Generator().manual_seed(0)
    shape = (1, 3, _HEIGHT, _WIDTH)
    ground = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator).to(device)
    for number in range(frames):
        angle = 0.05 * number
        x, y = _WIDTH / 2 + 100 * np.cos(angle), _HEIGHT / 2 + 100 * np.sin(angle)
        left, top = int(x) - _SIDE // 2, int(y) - _SIDE // 2
        image = ground.clone()
        image[..., top : top + _SIDE, left : left + _SIDE] = number % 256
        yield image, (float(x), float(y), float(_SIDE), float(_SIDE))


@torch.no_grad()
def time_frames(
    trackers: Dict[str, Any],
    interval: int,
    periods: int,
    device: str,
    on_frame: Callable[[], object] = lambda: None,
) -> Dict[str, np.ndarray]:
    """Seconds (periods, interval) per frame by tracker, interleaved on the same frames.

    Two further intervals before fill the store. ``on_frame`` is called after each timed frame.
    """
    rounds: List[Dict[str, np.ndarray]] = []
    video = circling_square((periods + 2) * interval + 1, device)
    for number, (image, box) in enumerate(video):
        if number == 0:
            for tracker in trackers.values():
                tracker.memo = SimpleNamespace(bbox=torch.tensor([box]))
                tracker.init(image)
            continue

        def follow(tracker: Any, image: Tensor = image, box: Box = box) -> None:
            tracker.state.box = box
            tracker.track(image, [])

        tasks = {name: waiting(partial(follow, each), device) for name, each in trackers.items()}
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
    """Seconds (rounds,) of the parts of a tracker's network, interleaved after a warm-up."""
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

    tasks = {name: waiting(part, device) for name, part in parts.items()}
    interleave(tasks, 1)
    return interleave(tasks, rounds)


def report_frames(report: BenchmarkReport, seconds: Dict[str, np.ndarray]) -> None:
    """Add the table of times per frame, and the ratios against their bounds."""
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
        'Mean: over the frames of an interval, of the median at each, so that the view taken once '
        'per interval counts and interruptions do not.'
    )
    for fusion, bound in BOUNDS.items():
        result = ratio_of_typical_periods(seconds[fusion], seconds[WITHOUT])
        report.verdict(f'mean time per frame, {fusion} / without', result.value, bound, str(result))


def report_parts(report: BenchmarkReport, seconds: Dict[str, np.ndarray]) -> None:
    """Add the table of times of the network's parts."""
    rows = [[name, f'{1e3 * np.median(times):.2f}'] for name, times in seconds.items()]
    report.table(['where the time goes', 'median ms'], rows)
