"""Tracking through mmtrack's ``init_model`` and ``inference_sot``, with the checks they lack."""

import time
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, NamedTuple, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmtrack.apis import inference_sot, init_model
from mmtrack.utils import register_all_modules
from torch import nn

from mmeatrack.apis.shipped import published_config
from mmeatrack.models.wrappers import find_tracker
from mmeatrack.structures import check_target_box
from mmeatrack.structures.boxes import Box

# What inference_sot reads from a config. It leaves out the first two, which read files.
_TEST_PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrackAnnotations', with_instance_id=False),
    dict(type='PackTrackInputs', pack_single_img=True),
]

# Attributes in which a tracker remembers its video: mmtrack's memo and EATrack's state. The first
# frame of a video gives both new values, so that keeping a reference keeps a video's memory.
_VIDEO_MEMORY = ('memo', 'state')

_MAKE_DEMO = 'Is the path right? `make demo` writes trained trackers to work_dirs/demo.'


class TrackResult(NamedTuple):
    """What a tracker gave for one frame.

    Attributes:
        frame: The frame (H, W, 3), uint8, BGR, as it was given.
        box_xywh: x, y, w, h in image px; the given box in the first frame.
        score: Confidence, 0 to 1; -1 in the first frame.
        seconds: Wall time that the tracker took for the frame.
        lost: Whether the tracker says that it does not see the target; None in the first frame
            and where a tracker does not say.
    """

    frame: np.ndarray
    box_xywh: Box
    score: float
    seconds: float
    lost: Optional[bool] = None


def load_tracker(
    config: Union[str, Path, Config],
    checkpoint: Union[str, Path, None] = None,
    device: Optional[str] = None,
    cfg_options: Optional[Dict[str, Any]] = None,
    temporal: Optional[bool] = None,
) -> nn.Module:
    """Build a tracker and load its weights.

    Args:
        config: Config of a tracker, or of a distillation, whose student is taken. It needs no
            dataset. Without a checkpoint: name of a shipped tracker, 'eatrack_nano', or the file
            of a published one.
        checkpoint: The weights, a file or a URL; of a distillation the exported ``*_student.pth``.
        device: 'cpu', 'cuda:0' ...; by default a GPU where torch finds one.
        cfg_options: Values that replace the config's, by their dotted keys.
        temporal: Whether the tracker adapts to the target while it runs. None: as the config says,
            in its model or by a :class:`TemporalAdaptationHook`.

    Returns:
        The tracker in evaluation mode, with its config in ``cfg``.

    Raises:
        FileNotFoundError: If there is no such config or checkpoint.
        ValueError: If no checkpoint is given, or a GPU is asked for and there is none.
        RuntimeError: If the checkpoint is of another model, or was refused.
        TypeError: If ``temporal`` is asked for and the tracker does not take it.
    """
    if checkpoint is None:
        config, checkpoint = published_config(config)
    cfg = _read_config(config)
    cfg.merge_from_dict(cfg_options or {})
    _check_checkpoint(checkpoint)
    device = _check_device(device)
    _keep_tracker_only(cfg)
    store = _temporal_config(cfg)
    register_all_modules(init_default_scope=False)
    with DefaultScope.overwrite_default_scope('mmtrack'):
        model = init_model(cfg, str(checkpoint), device=device)
        if temporal is False:
            find_tracker(model).set_temporal(None)
        elif temporal or store:
            find_tracker(model).set_temporal(store or dict(type='mmeatrack.TargetStore'))
    return model


def track_frames(
    model: nn.Module, frames: Iterable[np.ndarray], init_bbox_xywh: Sequence[float]
) -> Iterator[TrackResult]:
    """Follow a target through frames, one result for each frame as soon as it is there.

    Several trackings may share a model and go on by turns, one result at a time: each remembers its
    own video. They must not run in threads at the same time.

    Args:
        model: From :func:`load_tracker` or mmtrack's ``init_model``.
        frames: Frames (H, W, 3), uint8, BGR.
        init_bbox_xywh: The target in the first one: x, y, w, h in image px.

    Yields:
        One result for each frame.

    Raises:
        ValueError: If a frame is of another kind, or the box is empty, not finite or outside
            the first frame.
        RuntimeError: If the model's config says ``test_mode='VOT'``, which gives no boxes.

    Example:
        >>> tracker = load_tracker('student.py', 'student.pth')
        >>> for result in track_frames(tracker, open_frames('flight.mp4'), (310, 205, 42, 30)):
        ...     x, y, w, h = result.box_xywh
    """
    given: Optional[Box] = None
    memory: Dict[str, Any] = {}
    for number, frame in enumerate(frames):
        _check_frame(frame, number)
        if given is None:
            given = check_target_box(init_bbox_xywh, (frame.shape[1], frame.shape[0]))
        started = time.perf_counter()
        _set_video_memory(model, memory)
        with DefaultScope.overwrite_default_scope('mmtrack'):
            found = inference_sot(model, frame, _xyxy(given), number).pred_track_instances
        memory = _video_memory(model)
        if found.bboxes.shape[-1] != 4:
            raise RuntimeError(
                "the model's config says test_cfg.test_mode='VOT', which gives states in place of "
                "boxes. Set it to 'OPE'."
            )
        x1, y1, x2, y2 = found.bboxes[0].tolist()
        score = float(found.scores[0])
        lost = bool(found.lost) if number and 'lost' in found else None
        seconds = time.perf_counter() - started
        box = (x1, y1, x2 - x1, y2 - y1) if number else given
        yield TrackResult(frame, box, score, seconds, lost)


def _video_memory(model: nn.Module) -> Dict[str, Any]:
    tracker = getattr(model, 'student', model)
    return {name: getattr(tracker, name) for name in _VIDEO_MEMORY if hasattr(tracker, name)}


def _set_video_memory(model: nn.Module, memory: Dict[str, Any]) -> None:
    tracker = getattr(model, 'student', model)
    for name, value in memory.items():
        setattr(tracker, name, value)


def _read_config(config: Union[str, Path, Config]) -> Config:
    if isinstance(config, Config):
        return config.copy()
    if not Path(config).is_file():
        raise FileNotFoundError(f'{config}: no such config file. {_MAKE_DEMO}')
    cfg = Config.fromfile(str(config))
    if 'model' not in cfg:
        raise ValueError(f'{config}: the config has no model. Give the config of a tracker.')
    return cfg


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


def _temporal_config(cfg: Config) -> Optional[dict]:
    """The Target Store that the config asks for by a hook, which does not run here."""
    for hook in cfg.get('custom_hooks') or ():
        if hook.get('type') == 'mmeatrack.TemporalAdaptationHook':
            return dict(dict(type='mmeatrack.TargetStore'), **(hook.get('store') or {}))
    return cfg.model.get('temporal')


def _keep_tracker_only(cfg: Config) -> None:
    """Leave what predicting takes: the student of a distillation, no ImageNet weights."""
    if isinstance(cfg.model.get('architecture'), dict):
        cfg.model = cfg.model.architecture
    if 'backbone' in cfg.model:
        # init_model would look for the file, though the checkpoint then replaces its weights.
        cfg.model.backbone.pop('pretrained', None)
    if 'test_dataloader' not in cfg:
        cfg.test_dataloader = dict(dataset=dict(pipeline=_TEST_PIPELINE))


def _check_frame(frame: np.ndarray, number: int) -> None:
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3:
        found = (
            f'{frame.dtype} of shape {frame.shape}'
            if isinstance(frame, np.ndarray)
            else type(frame).__name__
        )
    elif frame.shape[2] == 3 and frame.size:
        return
    else:
        found = f'of shape {frame.shape}'
    raise ValueError(
        f'frame {number} is {found}; a frame is a numpy array (H, W, 3) of uint8, BGR. For one '
        'channel use cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR).'
    )


def _xyxy(box_xywh: Box) -> np.ndarray:
    x, y, w, h = box_xywh
    return np.array([x, y, x + w, y + h])
