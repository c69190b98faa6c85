"""Parts of a distillation whose time and memory are measured, built from its config."""

import copy
from typing import Any, Callable, Dict, List, Tuple

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample
from torch import Tensor

from mmeatrack.registry import MODELS

PARTS = ('student', 'teacher', 'distillation')
Batch = Tuple[Dict[str, Tensor], List[TrackDataSample]]


def build_step(part: str, config: Config, batch: Batch, device: str) -> Callable[[], None]:
    """A function that does one step of a part of ``PARTS`` and waits for the device.

    Student and distillation: losses, gradients and the optimizer's step. Teacher: the forward that
    a distillation makes of it, without gradients.

    Args:
        part: Which.
        config: Config of a distillation; its teacher may lack a checkpoint.
        batch: From :func:`training_batch`.
        device: 'cpu', 'cuda:0' ...

    Raises:
        ValueError: If the config is of no distillation that can be measured.
    """
    cfg = distillation_cfg(config)
    inputs, samples = batch
    if part == 'student':
        step = _training_step(MODELS.build(cfg['architecture']), config, batch, device)
    elif part == 'distillation':
        step = _training_step(MODELS.build(cfg), config, batch, device)
    else:
        # Built as the distillation builds it, of which only the teachers stay.
        teachers = [teacher.to(device).eval() for teacher in MODELS.build(cfg).teachers]

        def step() -> None:
            with torch.no_grad():
                for teacher in teachers:
                    teacher(inputs, samples, mode='tensor')

    def step_and_wait() -> None:
        step()
        if device != 'cpu':
            torch.cuda.synchronize(device)

    return step_and_wait


def distillation_cfg(config: Config) -> Dict[str, Any]:
    """The config's model, whose teacher may be random: a step costs the same with any weights.

    Raises:
        ValueError: If it is no distillation, or its layer pairs are to be found in training.
    """
    cfg = copy.deepcopy(config.get('model', {}))
    if 'architecture' not in cfg or not ('teacher' in cfg or 'teachers' in cfg):
        raise ValueError(
            f'{config.filename} is no distillation: give a config whose model has `architecture` '
            'and `teacher`, e.g. one of configs/eatrack/*_distill_*.py.'
        )
    if cfg['distiller'].get('layer_pairs') == 'auto':
        raise ValueError(
            f"{config.filename} has layer_pairs='auto', which are found in training: give a config "
            'with the pairs written out.'
        )
    return dict(cfg, allow_random_teacher=True)


def training_batch(config: Config, batch_size: int, device: str, seed: int = 0) -> Batch:
    """Normalised crops of noise, two templates each, and a target in the middle of the search crop.

    Args:
        config: Config of a distillation; its student's backbone says how large the crops are.
        batch_size: Samples.
        device: Where they lie.
        seed: Of the noise.
    """
    backbone = distillation_cfg(config)['architecture']['backbone']
    template, search = backbone.get('template_size', 128), backbone.get('search_size', 256)
    generator = torch.Generator().manual_seed(seed)
    inputs = dict(
        img=torch.randn(batch_size, 2, 3, template, template, generator=generator),
        search_img=torch.randn(batch_size, 1, 3, search, search, generator=generator),
    )
    box = torch.tensor([[0.375, 0.4, 0.625, 0.6]], device=device) * search
    samples = []
    for _ in range(batch_size):
        sample = TrackDataSample()
        sample.search_gt_instances = InstanceData(bboxes=box)
        samples.append(sample)
    return {name: crops.to(device) for name, crops in inputs.items()}, samples


def _training_step(model: Any, config: Config, batch: Batch, device: str) -> Callable[[], None]:
    model.to(device).train()
    optimizer = build_optim_wrapper(model, copy.deepcopy(config.optim_wrapper))

    def step() -> None:
        with optimizer.optim_context(model):
            losses = model(*batch, mode='loss')
        loss, _ = model.parse_losses(losses)
        optimizer.update_params(loss)

    return step
