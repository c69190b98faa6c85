"""Trackers of a speed comparison, each built from a line of the command."""

from pathlib import Path
from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np
import torch
from mmengine.config import Config

from lab.costs.interleaving import waiting
from lab.costs.size_report import SizeReport, size_report
from lab.real_trackers import Box, Found, Run, run_nanotrack, run_opencv, run_ours
from mmeatrack.apis import load_tracker
from mmeatrack.apis.inference import TEST_PIPELINE
from mmeatrack.deploy import TrackedFrame
from mmeatrack.models import EATrack
from mmeatrack.models.search.cues import mean_target_token
from mmeatrack.registry import MODELS

# Ways to run a tracker of this package, as settings of its test_cfg.
WAYS = dict(plain=dict(fast=False), fast=dict(fast=True), compiled=dict(fast=True, compile=True))
Task = Callable[[], object]


class Contestant(NamedTuple):
    """Tracker to time.

    Attributes:
        name: Name in the table.
        run: Tracking, from frames and the first box to a result per frame.
        parameters: Number of parameters; None if unknown.
        size: Multiply-adds; None for a tracker of another package.
        network: Network of one frame, with cached parts of the template; None if not accessible.
        template: Encoding of a view of the target; None if not accessible.
        trained: Whether its boxes are meaningful; False with random weights.
    """

    name: str
    run: Run
    parameters: Optional[int] = None
    size: Optional[SizeReport] = None
    network: Optional[Task] = None
    template: Optional[Task] = None
    trained: bool = True


class Line(NamedTuple):
    """Tracker as named in the command.

    Attributes:
        kind: 'model' of mmtrack or this package, 'export', 'nanotrack' or 'csrt'.
        name: Name in the table.
        sources: Config and checkpoint; folder, backend and precision; or networks.
        way: One of ``WAYS``, for an :class:`EATrack` only.
    """

    kind: str
    name: str
    sources: Sequence[str] = ()
    way: str = 'fast'


def build_model(sources: Sequence[str], device: str) -> Any:
    """Tracker from a shipped name, config and checkpoint, or a config alone (random weights)."""
    if not _is_random(sources):
        return load_tracker(*sources, device=device)
    config = Path(sources[0])
    if not config.is_file():
        raise FileNotFoundError(f'{config}: no such config.')
    cfg = Config.fromfile(str(config))
    model = MODELS.build(cfg.model.get('architecture', cfg.model)).to(device).eval()
    if 'test_dataloader' not in cfg:
        cfg.test_dataloader = dict(dataset=dict(pipeline=TEST_PIPELINE))
    model.cfg = cfg
    return model


def _is_random(sources: Sequence[str]) -> bool:
    return len(sources) == 1 and Path(sources[0]).suffix == '.py'


def build(line: Line, device: str, threads: int) -> Contestant:
    """Build the tracker of a line.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If this OpenCV does not have the tracker.
    """
    if line.kind == 'export':
        return _of_export(line, threads)
    if line.kind != 'model':
        return Contestant(line.name, _opencv_run(line))
    model = build_model(line.sources, device)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    trained = not _is_random(line.sources)
    if not isinstance(model, EATrack):
        return Contestant(line.name, run_ours(model), parameters, trained=trained)
    model.test_cfg.update(WAYS[line.way])
    tasks = network_tasks(model, device)
    size = size_report(model, num_temporal=0)
    name = f'{line.name}, {line.way}'
    return Contestant(name, run_ours(model), parameters, size, *tasks, trained=trained)


@torch.no_grad()
def network_tasks(model: Any, device: str) -> Tuple[Task, Task]:
    """Tasks of the network on a search crop and on a template, of noise."""
    net = model.backbone
    image = torch.randint(0, 256, (1, 3, 4 * net.search_size, 4 * net.search_size)).byte()
    box = (2.0 * net.search_size, 2.0 * net.search_size, 60.0, 60.0)
    state = model.start(image, box)
    crop = torch.randn(1, 3, net.search_size, net.search_size, device=device)
    given = (crop, mean_target_token(state.template), *state.kept_tokens())

    network = torch.no_grad()(lambda: state.network(*given))
    template = torch.no_grad()(lambda: model.encode_template(image, box))
    return waiting(network, device), waiting(template, device)


def _of_export(line: Line, threads: int) -> Contestant:
    from mmeatrack.deploy import DeployedTracker

    defaults = ('onnxruntime', 'fp32')
    folder, backend, precision = (*line.sources, *defaults[len(line.sources) - 1 :])
    tracker = DeployedTracker(folder, backend, precision, threads)
    side = tracker.exported.search_size
    pixels = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), dtype=np.uint8)
    box = (640.0, 360.0, 60.0, 60.0)
    state = tracker.start(pixels, box)
    feed = dict(
        crop=pixels[None, :side, :side].astype(np.float32),
        tokens=state.active_template,
        target_token=state.template_token,
    )

    def run(frames: List[np.ndarray], first: Box) -> Iterator[Found]:
        tracker.init(frames[0], first)
        yield TrackedFrame(first, -1.0, False)
        for frame in frames[1:]:
            yield tracker.track(frame)

    return Contestant(
        f'{line.name}, {backend} {precision}',
        run,
        network=lambda: tracker.run_track(feed),
        template=lambda: tracker.cut_template(pixels, box)(),
    )


def _opencv_run(line: Line) -> Run:
    kind = dict(nanotrack='TrackerNano', csrt='TrackerCSRT')[line.kind]
    if not hasattr(cv2, f'{kind}_create'):
        raise ValueError(
            f'--{line.kind}: this OpenCV has no {kind}: install opencv-contrib-python >= 4.7.'
        )
    if line.kind == 'csrt':
        return run_opencv(cv2.TrackerCSRT_create)
    return run_nanotrack(*line.sources)
