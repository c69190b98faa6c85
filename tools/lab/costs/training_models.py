"""Measured parts of a distillation, built from its config."""

import copy
from types import SimpleNamespace
from typing import Any, Callable, Dict, List

import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample
from torch import Tensor, nn

from lab.costs.interleaving import waiting
from mmeatrack.engine import NonFiniteGuardHook
from mmeatrack.engine.guarded_optim import guarded
from mmeatrack.registry import MODELS

PARTS = ('student', 'teacher', 'distillation')
Batch = Dict[str, Any]


def build_step(part: str, config: Config, batch: Batch, device: str) -> Callable[[], None]:
    """Function that runs one step of a part of ``PARTS`` and waits for the device.

    Student and distillation: a whole training step, from the guard's check of the data and the
    preprocessor to the optimizer. Teacher: its forward pass in a distillation, without gradients,
    in the same precision, on a batch that is already normalised. It needs no checkpoint.

    Raises:
        ValueError: If the config is not a distillation that can be measured.
    """
    cfg = distillation_cfg(config)
    if part == 'student':
        step = _training_step(MODELS.build(cfg['architecture']), config, batch, device)
    elif part == 'distillation':
        step = _training_step(MODELS.build(cfg), config, batch, device)
    else:
        step = _teacher_step(MODELS.build(cfg), config, batch, device)

    return waiting(step, device)


def distillation_cfg(config: Config) -> Dict[str, Any]:
    """The config's model with a random teacher allowed: a step costs the same with any weights.

    Raises:
        ValueError: If it is not a distillation, or has layer pairs found in training.
    """
    cfg = copy.deepcopy(config.get('model', {}))
    if 'architecture' not in cfg or not ('teacher' in cfg or 'teachers' in cfg):
        raise ValueError(
            f'{config.filename} is not a distillation: give a config whose model has '
            '`architecture` and `teacher`, e.g. one of configs/eatrack/*_distill_*.py.'
        )
    if cfg['distiller'].get('layer_pairs') == 'auto':
        raise ValueError(
            f"{config.filename} has layer_pairs='auto', which are found in training: give a config "
            'with explicit pairs.'
        )
    return dict(cfg, allow_random_teacher=True)


def training_batch(config: Config, batch_size: int, device: str) -> Batch:
    """Collated raw crops of noise, with two templates per sample, and their annotations.

    Crops have the sizes of the student's backbone; for a GPU they are in pinned memory.
    """
    backbone = distillation_cfg(config)['architecture']['backbone']
    template, search = backbone.get('template_size', 128), backbone.get('search_size', 256)
    generator = torch.Generator().manual_seed(0)

    def crops(number: int, size: int) -> Tensor:
        shape = (batch_size, number, 3, size, size)
        made = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
        return made if device == 'cpu' else made.pin_memory()

    inputs = dict(img=crops(2, template), search_img=crops(1, search))
    return dict(inputs=inputs, data_samples=_annotations(batch_size, template, search))


def _annotations(batch_size: int, template: int, search: int) -> List[TrackDataSample]:
    """Boxes of targets in the middle of the crops."""
    share = torch.tensor([[0.375, 0.4, 0.625, 0.6]])
    samples = []
    for _ in range(batch_size):
        sample = TrackDataSample()
        sample.gt_instances = InstanceData(
            bboxes=(share * template).repeat(2, 1), labels=torch.ones(2).long()
        )
        sample.search_gt_instances = InstanceData(
            bboxes=share * search, labels=torch.ones(1).long()
        )
        samples.append(sample)
    return samples


def _training_step(model: Any, config: Config, batch: Batch, device: str) -> Callable[[], None]:
    model.to(device).train()
    wrapper = _wrapper(model, config)
    hook = NonFiniteGuardHook()
    runner: Any = SimpleNamespace(model=model, optim_wrapper=wrapper)
    hook.before_train(runner)

    def step() -> None:
        data = dict(batch, inputs=dict(batch['inputs']))
        hook.before_train_iter(runner, 0, data)
        outputs = model.train_step(data, wrapper)
        hook.after_train_iter(runner, 0, data, outputs)

    return step


def _teacher_step(model: Any, config: Config, batch: Batch, device: str) -> Callable[[], None]:
    wrapper = _wrapper(nn.Linear(1, 1), config)  # for its precision; it keeps no model alive
    data = model.to(device).data_preprocessor(batch, training=True)
    # Built as in the distillation, of which only the teachers are kept.
    teachers = [teacher.eval() for teacher in model.teachers]
    del model

    def step() -> None:
        for teacher in teachers:
            with torch.no_grad(), wrapper.optim_context(teacher):
                teacher(**data, mode='tensor')

    return step


def _wrapper(model: Any, config: Config) -> OptimWrapper:
    return guarded(build_optim_wrapper(model, copy.deepcopy(config.optim_wrapper)), 'stop', 1)
