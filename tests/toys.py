"""Toy trackers and batches: the real classes in sizes that take milliseconds."""

import logging
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple
from unittest.mock import patch

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.model import BaseModule
from mmengine.registry import DefaultScope
from mmengine.runner import save_checkpoint
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample
from torch import Tensor

from tests.seeding import seed_torch

# Crops of 16 and 32 px in patches of 8: 4 template tokens and 16 search tokens of 16 channels.
TEMPLATE_SIZE, SEARCH_SIZE, PATCH, DIMS, GRID = 16, 32, 8, 16, 4
TOKENS = (TEMPLATE_SIZE // PATCH) ** 2

PREPROCESSOR = dict(
    type='mmeatrack.CropDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True,
)

Inputs = Dict[str, Tensor]


@contextmanager
def logged() -> Iterator[List[str]]:
    """Messages of mmengine's current logger."""
    messages: List[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield messages
    logger.removeHandler(handler)


@contextmanager
def mmtrack_scope() -> Iterator[None]:
    """Default scope of mmtrack's scripts, and one thread."""
    from mmtrack.utils import register_all_modules

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    register_all_modules(init_default_scope=False)
    with DefaultScope.overwrite_default_scope('mmtrack'):
        yield
    torch.set_num_threads(threads)


def backbone_cfg(separate_depth: int = 2, joint_depth: int = 2, **kwargs: Any) -> dict:
    return dict(
        dict(
            type='mmeatrack.AsymmetricViT',
            separate_depth=separate_depth,
            joint_depth=joint_depth,
            embed_dims=DIMS,
            num_heads=2,
            patch_size=PATCH,
            template_size=TEMPLATE_SIZE,
            search_size=SEARCH_SIZE,
        ),
        **kwargs,
    )


def tracker_cfg(
    separate_depth: int = 2, joint_depth: int = 2, backbone: Optional[dict] = None, **kwargs: Any
) -> dict:
    """An :class:`EATrack`; ``backbone`` holds further arguments of its backbone."""
    backbone = backbone_cfg(separate_depth, joint_depth, **(backbone or {}))
    head = dict(type='mmeatrack.CenterHead', in_channels=backbone['embed_dims'], feat_channels=8)
    return dict(
        dict(
            type='mmeatrack.EATrack',
            data_preprocessor=PREPROCESSOR,
            backbone=backbone,
            head=head,
            # Scores of random weights are low.
            lost_detector=dict(lost_below=0.0),
        ),
        **kwargs,
    )


def teacher_cfg(**kwargs: Any) -> dict:
    """A teacher of four joint layers."""
    return tracker_cfg(0, 4, **kwargs)


def distill_cfg(**kwargs: Any) -> dict:
    """Student (2, 2) and teacher (0, 4), their last two layers paired."""
    return dict(
        dict(
            type='mmeatrack.EATrackDistill',
            architecture=tracker_cfg(),
            teacher=teacher_cfg(),
            allow_random_teacher=True,
            distiller=dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(2, 2), (3, 3)]),
        ),
        **kwargs,
    )


def long_form(
    loss: dict,
    arguments: Sequence[str] = ('student', 'teacher'),
    connectors: Sequence[Any] = (None, None),
    recorder: Optional[dict] = None,
    **kwargs: Any,
) -> dict:
    """Distiller in mmrazor's form alone: a loss on records of student and teacher.

    Each argument goes through its connector, if it has one; by default layer 3 is recorded.
    """
    record = dict(layer=recorder or dict(type='mmeatrack.LayerOutputs', source=3))
    roles = ('student', 'teacher')
    given = {role: each for role, each in zip(roles, connectors) if each}
    mapping = {}
    for role, argument in zip(roles, arguments):
        source: Dict[str, Any] = dict(recorder='layer', from_student=role == 'student')
        mapping[argument] = dict(source, connector=role) if role in given else source
    return dict(
        dict(
            type='mmeatrack.EATrackDistiller',
            prediction_weight=0,
            student_recorders=record,
            teacher_recorders=record,
            connectors=given,
            distill_losses=dict(loss_own=loss),
            loss_forward_mappings=dict(loss_own=mapping),
        ),
        **kwargs,
    )


def build(cfg: dict, seed: int = 0) -> Any:
    """Build a model with random weights."""
    from mmeatrack.registry import MODELS

    seed_torch(seed)
    model = MODELS.build(cfg)
    # mmengine's record of how each tensor was initialised takes as long as the initialisation.
    with ExitStack() as stack:
        stack.enter_context(patch.object(BaseModule, '_params_init_info', {}, create=True))
        for name in ('base_module', 'weight_init'):
            stack.enter_context(patch(f'mmengine.model.{name}.update_init_info'))
        model.init_weights()
    return model


def saved(model: Any, path: Path) -> str:
    """Save the weights of a model, or a state dict, as MMEngine does, and return the path."""
    weights = model if isinstance(model, dict) else model.state_dict()
    save_checkpoint(dict(state_dict=weights, meta={}), str(path))
    return str(path)


def weights_of(model: Any) -> Dict[str, Tensor]:
    """Copy of a model's state dict."""
    return {key: value.clone() for key, value in model.state_dict().items()}


def same_weights(model: Any, other: Any) -> bool:
    """True if a model has the weights of another one, or of a state dict."""
    weights = other if isinstance(other, dict) else other.state_dict()
    return all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())


def outputs_of(module: Any) -> List[Any]:
    """List that collects the outputs of a module."""
    seen: List[Any] = []
    module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    return seen


def data_buffers(model: Any) -> List[list]:
    """Data of all recorders of a distillation."""
    managers = [m for d in model.distillers for m in (d.student_recorders, d.teacher_recorders)]
    return [recorder.data_buffer for each in managers for recorder in each.recorders.values()]


def search_sample(box_xyxy: Tuple[float, float, float, float]) -> TrackDataSample:
    """Annotation of a search crop; the box is in crop px."""
    sample = TrackDataSample()
    sample.search_gt_instances = InstanceData(bboxes=torch.tensor([box_xyxy], dtype=torch.float32))
    return sample


def training_batch(
    batch_size: int = 2, num_templates: int = 2, seed: int = 0
) -> Tuple[Inputs, List[TrackDataSample]]:
    """Normalised crops and annotations, as from the preprocessor in training."""
    generator = torch.Generator().manual_seed(seed)
    inputs = dict(
        img=torch.randn(
            batch_size, num_templates, 3, TEMPLATE_SIZE, TEMPLATE_SIZE, generator=generator
        ),
        search_img=torch.randn(batch_size, 1, 3, SEARCH_SIZE, SEARCH_SIZE, generator=generator),
    )
    samples = [search_sample((6 + 2 * i, 8, 18 + 2 * i, 22)) for i in range(batch_size)]
    return inputs, samples


def frame_sample(
    frame_id: int, box_xyxy: Tuple[float, float, float, float], video_length: int = 100
) -> TrackDataSample:
    """Annotation of a test frame; the box is in image px."""
    sample = TrackDataSample(metainfo=dict(frame_id=frame_id, video_length=video_length))
    sample.gt_instances = InstanceData(bboxes=torch.tensor([box_xyxy], dtype=torch.float32))
    return sample


def video(num_frames: int, seed: int = 0, height: int = 120, width: int = 160) -> List[Tensor]:
    """Raw frames (1, 3, height, width) uint8: a textured square that moves over noise."""
    generator = torch.Generator().manual_seed(seed)
    ground = torch.randint(0, 256, (1, 3, height, width), dtype=torch.uint8, generator=generator)
    target = torch.randint(0, 256, (1, 3, 20, 20), dtype=torch.uint8, generator=generator)
    frames = []
    for i in range(num_frames):
        frame = ground.clone()
        frame[..., 50:70, 70 + 2 * i : 90 + 2 * i] = target
        frames.append(frame)
    return frames


FIRST_BOX = (70.0, 50.0, 90.0, 70.0)
"""First box of the target in :func:`video`, xyxy in image px."""


@torch.no_grad()
def follow(tracker: Any, frames: List[Tensor], first_frame: int = 0) -> Tensor:
    """Run mmtrack's predict flow: (frames, 5) boxes xyxy in image px and scores."""
    rows = []
    for i, frame in enumerate(frames, start=first_frame):
        sample = frame_sample(i, FIRST_BOX, len(frames))
        result = tracker(dict(img=frame[None]), [sample], mode='predict')[0]
        found = result.pred_track_instances
        rows.append(torch.cat((found.bboxes[0], found.scores)))
    return torch.stack(rows)


class ToyTracker(NamedTuple):
    """Files of a toy tracker."""

    config: Path
    checkpoint: Path


def write_toy_tracker(folder: Path, **config: Any) -> ToyTracker:
    """Write a toy tracker of random weights; ``config`` has further values of its config."""
    model = tracker_cfg()
    with mmtrack_scope():
        tracker = build(model)
    content = dict(
        custom_imports=dict(imports=['mmeatrack'], allow_failed_imports=False),
        model=model,
        **config,
    )
    files = ToyTracker(folder / 'toy.py', folder / 'toy.pth')
    Config(content).dump(str(files.config))
    torch.save(dict(state_dict=tracker.state_dict(), meta={}), files.checkpoint)
    return files
