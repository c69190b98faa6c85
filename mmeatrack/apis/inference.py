"""Tracking with mmtrack's models, with checks that its own functions lack."""

import copy
import threading
import time
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, Optional, Sequence, Union
from weakref import WeakKeyDictionary

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, default_collate
from mmengine.registry import DefaultScope
from mmtrack.apis import init_model
from mmtrack.utils import register_all_modules
from torch import nn

from mmeatrack.compat.inference import only_packs, pack_frame
from mmeatrack.conversion.published import published_config, shipped_trackers
from mmeatrack.models.trackers.eatrack import store_of_hooks
from mmeatrack.models.wrappers import find_tracker
from mmeatrack.multi import StatusKeeper, TrackResult, TrackStatus
from mmeatrack.structures import check_target_box
from mmeatrack.structures.boxes import Box
from mmeatrack.structures.checks import check_frame, check_size, image_size

# Pipeline for configs without one. Its first two steps read files and are not run here.
TEST_PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrackAnnotations', with_instance_id=False),
    dict(type='PackTrackInputs', pack_single_img=True),
]

# Attributes with a tracker's memory of its video: mmtrack's memo and EATrack's state. The first
# frame of a video replaces both, so a reference to the old ones preserves a video's memory.
_VIDEO_MEMORY = ('memo', 'state')

# MMEngine's registries and default scope are global to the process and not thread-safe.
_BUILDING = threading.RLock()

# One lock for each tracker, not shared with copies of it. Threads hold it for one frame at a time.
_LOCKS: 'WeakKeyDictionary[nn.Module, Any]' = WeakKeyDictionary()

_MAKE_DEMO = 'Is the path right? `make demo` writes trained trackers to work_dirs/demo.'


def load_tracker(
    config: Union[str, Path, Config],
    checkpoint: Union[str, Path, None] = None,
    device: Union[str, torch.device, None] = None,
    cfg_options: Optional[Dict[str, Any]] = None,
    temporal: Optional[bool] = None,
) -> nn.Module:
    """Build a tracker and load its weights.

    Several threads may load trackers at once. A tracker also runs in ``model.half()`` or
    ``model.bfloat16()``, or under ``torch.autocast``; boxes and scores are float32 in each case.
    It tracks in evaluation mode only.

    Args:
        config: Config of a tracker, or of a distillation, whose student is built. It does not need
            a dataset. Without a checkpoint: name of a shipped tracker, 'eatrack_nano', or file of a
            published one.
        checkpoint: File or URL of the weights; for a distillation the exported ``*_student.pth``.
        device: 'cpu', 'cuda:0' ...; by default a GPU if torch finds one.
        cfg_options: Values that replace the config's, by dotted key.
        temporal: Whether the tracker adapts to the target while it runs. None: as in the config,
            by its model or a :class:`TemporalAdaptationHook`.

    Returns:
        The tracker in evaluation mode, with its config in ``cfg``.

    Raises:
        FileNotFoundError: If there is no such config or checkpoint.
        ValueError: If no checkpoint is given, an option has no entry in the config, the config is
            not valid Python or names an unknown part, or there is no GPU and one is requested.
        RuntimeError: If the checkpoint is of another model, or was refused.
        TypeError: If ``temporal`` is True and the tracker does not support it.

    Example:
        >>> tracker = load_tracker('student.py', 'student.pth', device='cpu')
        >>> type(tracker).__name__, tracker.training
        ('EATrack', False)
    """
    with _BUILDING:
        if checkpoint is None:
            config, checkpoint = published_config(config)
        cfg = _read_config(config)
        _merge_options(cfg, cfg_options or {})
        _check_checkpoint(checkpoint)
        device = _check_device(device if device is None else str(device))
        _keep_tracker_only(cfg)
        register_all_modules(init_default_scope=False)
        with DefaultScope.overwrite_default_scope('mmtrack'):
            # Recorded, because init_model sets its own filters.
            with warnings.catch_warnings(record=True) as caught:
                try:
                    model = init_model(cfg, str(checkpoint), device=device)
                except KeyError as error:
                    raise ValueError(f'the config names an unknown part: {error}') from error
            _set_temporal(model, temporal)
        for each in caught:
            if 'dataset_meta' not in str(each.message):  # a detector's, not a tracker's
                warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
        return model


def track_frames(
    model: Any, frames: Iterable[np.ndarray], init_bbox_xywh: Sequence[float]
) -> Iterator[TrackResult]:
    """Follow a target through frames, with a result as soon as a frame is tracked.

    Several trackings may share a model: each keeps the memory of its own video. In threads they
    take turns frame by frame, unless each has its own model.

    Args:
        model: Tracker of :func:`load_tracker` or mmtrack's ``init_model``.
        frames: Frames (H, W, 3), uint8, BGR.
        init_bbox_xywh: Target in the first frame: x, y, w, h in image px.

    Yields:
        One result for each frame.

    Raises:
        ValueError: If a frame has another type or size, or the box is empty, not finite or
            outside the first frame.
        RuntimeError: If the model is in training mode, or its config has ``test_mode='VOT'``,
            which does not give boxes.

    Example:
        >>> from mmeatrack.apis import load_tracker, open_frames, track_frames
        >>> tracker = load_tracker('student.py', 'student.pth')
        >>> for result in track_frames(tracker, open_frames('flight.mp4'), (70, 50, 20, 20)):
        ...     x, y, w, h = result.box_xywh
    """
    pack = _packer(model)
    tracker = getattr(model, 'student', model)
    with _BUILDING:
        lock = _LOCKS.setdefault(tracker, threading.Lock())
    given: Optional[Box] = None
    memory: Dict[str, Any] = {}
    keeper: Optional[StatusKeeper] = None
    status: Optional[TrackStatus] = None
    size = (0, 0)
    for number, frame in enumerate(frames):
        check_frame(frame, f'frame {number}')
        if given is None:
            size = image_size(frame)
            given = check_target_box(init_bbox_xywh, size)
        check_size(image_size(frame), size, f'frame {number}')
        with lock, torch.no_grad():
            started = time.perf_counter()
            for name, value in memory.items():
                setattr(tracker, name, value)
            found = model.test_step(pack(frame, given, number))[0].pred_track_instances
            memory = {key: getattr(tracker, key) for key in _VIDEO_MEMORY if hasattr(tracker, key)}
        if found.bboxes.shape[-1] != 4:
            raise RuntimeError(
                "the model's config has test_cfg.test_mode='VOT', which gives states instead of "
                "boxes. Set it to 'OPE'."
            )
        x1, y1, x2, y2 = found.bboxes[0].tolist()
        score = float(found.scores[0])
        lost = bool(found.lost) if number and 'lost' in found else None
        seconds = time.perf_counter() - started
        box = (x1, y1, x2 - x1, y2 - y1) if number else given
        state: Any = memory.get('state')
        if keeper is not None:
            status = keeper.update(state.box, score, state.lost_detector, size)
        elif hasattr(state, 'lost_detector'):
            keeper = StatusKeeper(state.box)
            status = keeper.first(size)
        yield TrackResult(frame, box, score, seconds, lost, status)


def _read_config(config: Union[str, Path, Config]) -> Config:
    if isinstance(config, Config):
        return copy.deepcopy(config)
    if str(config) in shipped_trackers():
        raise ValueError(f'{config} comes with its weights: leave the checkpoint out.')
    if not Path(config).is_file():
        raise FileNotFoundError(f'{config}: no such config file. {_MAKE_DEMO}')
    try:
        cfg = Config.fromfile(str(config))
    except SyntaxError as error:  # mmengine's names no file
        raise ValueError(f'{config}, line {error.lineno}: {error.msg}.') from error
    if 'model' not in cfg:
        raise ValueError(f'{config}: the config has no model. Give the config of a tracker.')
    return cfg


def _merge_options(cfg: Config, options: Dict[str, Any]) -> None:
    """Merge options. MMEngine would accept a misspelt name as a new entry, without effect."""
    known = {*cfg, 'custom_hooks', 'default_hooks'}
    stray = [key for key in options if key.split('.')[0] not in known]
    if stray:
        raise ValueError(
            f'the config has no {stray}; entries of the tracker begin with model, such as '
            'model.test_cfg.search_factor.'
        )
    cfg.merge_from_dict(options)


def _check_checkpoint(checkpoint: Union[str, Path]) -> None:
    if not checkpoint:
        raise ValueError(
            'no checkpoint is given: the tracker would run on random weights. Give a file.'
        )
    if '://' not in str(checkpoint) and not Path(checkpoint).is_file():
        raise FileNotFoundError(f'{checkpoint}: no such checkpoint. {_MAKE_DEMO}')


def _check_device(device: Optional[str]) -> str:
    has_gpu = torch.cuda.is_available()
    if device is None:
        return 'cuda:0' if has_gpu else 'cpu'
    if device.startswith('cuda') and not has_gpu:
        raise ValueError(f"device '{device}': torch finds no CUDA device here. Give 'cpu'.")
    return device


def _set_temporal(model: Any, temporal: Optional[bool]) -> None:
    """Switch temporal adaptation by the argument, or by a hook of the config."""
    if temporal is False:
        find_tracker(model).set_temporal(None)
    elif temporal or store_of_hooks(model.cfg):
        tracker = find_tracker(model)
        if tracker.temporal_cfg is None:
            tracker.set_temporal(dict(type='mmeatrack.TargetStore'))


def _keep_tracker_only(cfg: Config) -> None:
    """Reduce a config to what inference needs: a distillation's student, no ImageNet weights."""
    if isinstance(cfg.model.get('architecture'), dict):
        cfg.model = cfg.model.architecture
    if 'backbone' in cfg.model:
        # init_model would need the file, though the checkpoint then replaces its weights.
        cfg.model.backbone.pop('pretrained', None)
    if 'test_dataloader' not in cfg:
        cfg.test_dataloader = dict(dataset=dict(pipeline=TEST_PIPELINE))


def _packer(model: Any) -> Callable[[np.ndarray, Box, int], dict]:
    """Function from a frame, the given box xywh and the frame's number to a batch.

    The usual pipeline only packs, without a copy of the frame; any other is built once.
    """
    steps = model.cfg.test_dataloader.dataset.pipeline
    if only_packs(steps):
        return lambda frame, box_xywh, number: pack_frame(frame, _xyxy(box_xywh), number)
    with _BUILDING, DefaultScope.overwrite_default_scope('mmtrack'):
        pipeline = Compose(steps[2:])

    def run_pipeline(frame: np.ndarray, box_xywh: Box, number: int) -> dict:
        data = dict(
            img=frame.astype(np.float32),
            gt_bboxes=_xyxy(box_xywh),
            frame_id=number,
            ori_shape=frame.shape[:2],
        )
        batch: dict = default_collate([pipeline(data)])
        return batch

    return run_pipeline


def _xyxy(box_xywh: Box) -> np.ndarray:
    x, y, w, h = box_xywh
    return np.array([x, y, x + w, y + h], dtype=np.float32)
