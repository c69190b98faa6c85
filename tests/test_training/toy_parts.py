"""Parts of toy trainings: a dataset, and hooks that watch or kill a run."""

import json
import os
import random
import signal
from functools import partial
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import DATASETS, HOOKS
from torch import nn
from torch.distributed.nn.functional import all_reduce
from torch.utils.data import Dataset

from tests.toys import SEARCH_SIZE, TEMPLATE_SIZE, search_sample


@DATASETS.register_module()
class ToyCrops(Dataset):
    """Two templates and a search crop a sample, by index or drawn like mmtrack's datasets.

    Args:
        length: Number of samples.
        drawn: Ignore the index, and draw from ``random`` and ``numpy.random``.
        nan_box, nan_image: Indices of samples with a NaN in the box, or in a float search crop.
        without_target: Indices of samples whose search crop does not show the target.
    """

    metainfo = dict(classes=('target',))

    def __init__(
        self,
        length: int = 8,
        drawn: bool = False,
        nan_box: Sequence[int] = (),
        nan_image: Sequence[int] = (),
        without_target: Sequence[int] = (),
    ) -> None:
        self.length, self.drawn = length, drawn
        self.nan_box, self.nan_image = nan_box, nan_image
        self.without_target = without_target

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict:
        if self.drawn:
            index = 2**16 * random.randrange(2**15) + int(np.random.randint(2**16))
        generator = torch.Generator().manual_seed(index)

        def crops(count: int, size: int) -> torch.Tensor:
            shape = (count, 3, size, size)
            return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)

        inputs = dict(img=crops(2, TEMPLATE_SIZE), search_img=crops(1, SEARCH_SIZE))
        x, y = torch.randint(4, 14, (2,), generator=generator).tolist()
        sample = search_sample((x, y, x + 12, y + 14))
        sample.set_metainfo(dict(img_path=[f'{index}/1.jpg', f'{index}/2.jpg']))
        sample.set_metainfo(dict(search_img_path=f'{index}/3.jpg'))
        sample.search_gt_instances.labels = torch.tensor([int(index not in self.without_target)])
        if index in self.nan_box:
            sample.search_gt_instances.bboxes[0, 2] = float('nan')
        if index in self.nan_image:
            inputs['search_img'] = inputs['search_img'].float()
            inputs['search_img'][0, 1, 5, 7] = float('nan')
        return dict(inputs=inputs, data_samples=sample)


@HOOKS.register_module()
class KillHook(Hook):
    """Kills the process.

    Args:
        iteration: Number of iterations before that.
        when: 'iteration', 'saving' (a checkpoint is incomplete) or 'saved' (it has been renamed).
    """

    def __init__(self, iteration: int, when: str = 'iteration') -> None:
        self.iteration, self.when = iteration, when

    def before_train_iter(self, runner: Any, **kwargs: Any) -> None:
        if self.when == 'iteration' and runner.iter == self.iteration:
            kill()

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        if runner.iter + 1 < self.iteration:
            return
        if self.when == 'saving':
            os.fsync = kill
        if self.when == 'saved':
            replace = os.replace
            os.replace = lambda *paths: (replace(*paths), kill())


def kill(*args: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@HOOKS.register_module()
class LossFileHook(Hook):
    """Writes each process's loss of each iteration to ``losses_<rank>.json``."""

    def __init__(self) -> None:
        self.losses: list = []

    def after_train_iter(self, runner: Any, outputs: dict, **kwargs: Any) -> None:
        self.losses.append({name: float(value) for name, value in outputs.items()})
        path = Path(runner.work_dir) / f'losses_{get_rank()}.json'
        path.write_text(json.dumps(self.losses))


@HOOKS.register_module()
class GraphFileHook(Hook):
    """Writes the numbers of compiled graphs and their breaks to ``graphs.json``."""

    def after_train(self, runner: Any) -> None:
        from torch._dynamo.utils import counters

        counts = dict(
            graphs=counters['stats']['unique_graphs'], breaks=sum(counters['graph_break'].values())
        )
        Path(runner.work_dir, 'graphs.json').write_text(json.dumps(counts))


@HOOKS.register_module()
class StatisticsFileHook(Hook):
    """Writes each process's batch norm statistics after each iteration and epoch."""

    priority = 'LOWEST'

    def after_train_iter(self, runner: Any, **kwargs: Any) -> None:
        self._write(runner, f'iter_{runner.iter + 1}')

    def after_train_epoch(self, runner: Any) -> None:
        self._write(runner, f'epoch_{runner.epoch + 1}')

    def _write(self, runner: Any, when: str) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        buffers = {k: v.clone() for k, v in model.named_buffers() if 'running_' in k}
        torch.save(buffers, Path(runner.work_dir) / f'statistics_{when}_{get_rank()}.pt')


@HOOKS.register_module()
class FrozenBatchNormHook(Hook):
    """Batch norm uses its running statistics, which do not depend on the batch."""

    def before_train_iter(self, runner: Any, **kwargs: Any) -> None:
        for module in runner.model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()


@HOOKS.register_module()
class SharedBatchNormHook(Hook):
    """Batch norm over the samples of all processes, like ``sync_bn='torch'`` on GPUs."""

    def before_train(self, runner: Any) -> None:
        for module in runner.model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.forward = partial(normalise_by_all, module)  # type: ignore[method-assign]


def normalise_by_all(norm: nn.BatchNorm2d, x: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W), with B equal in all processes."""
    if not norm.training or get_world_size() == 1:
        return nn.BatchNorm2d.forward(norm, x)
    moments = torch.stack((x.mean((0, 2, 3)), x.square().mean((0, 2, 3)))) / get_world_size()
    mean, square = all_reduce(moments)
    var, count = square - mean.square(), get_world_size() * x[:, 0].numel()
    with torch.no_grad():
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert norm.num_batches_tracked is not None
        norm.num_batches_tracked += 1
        norm.running_mean.lerp_(mean, norm.momentum or 0)
        norm.running_var.lerp_(var * count / (count - 1), norm.momentum or 0)
    return nn.functional.batch_norm(
        (x - mean[:, None, None]) / (var[:, None, None] + norm.eps).sqrt(),
        torch.zeros_like(mean),
        torch.ones_like(var),
        norm.weight,
        norm.bias,
        eps=0,
    )


@HOOKS.register_module()
class NanLossHook(Hook):
    """Makes the loss of one process and iteration NaN."""

    def __init__(self, iteration: int, rank: int) -> None:
        self.iteration, self.rank = iteration, rank

    def before_train(self, runner: Any) -> None:
        def spoil(module: nn.Module, inputs: Any, losses: dict) -> None:
            if (runner.iter, get_rank()) == (self.iteration, self.rank):
                losses['student.loss_iou'] = losses['student.loss_iou'] * float('nan')

        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        # Before the forward hooks that read the losses.
        model.register_forward_hook(spoil)
