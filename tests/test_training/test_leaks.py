"""A long training does not accumulate tensors, hooks or memory."""

import gc
import resource
from pathlib import Path
from typing import Any, Dict, List

import torch
from mmengine.hooks import Hook

from tests.test_engine.toy_runs import train_runner
from tests.test_training.toy_parts import ToyCrops
from tests.toys import build, distill_cfg, mmtrack_scope, tracker_cfg

COUNTED_STEPS = (100, 300, 500)
TENSORS = (torch.Tensor, torch.nn.Parameter)
HOOKS = ('SafeCheckpointHook', 'DeterministicResumeHook', 'NonFiniteGuardHook')


class CountHook(Hook):
    """Counts what a leak would increase."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.counts: Dict[str, List[int]] = dict(tensors=[], hooks=[], records=[])
        self.peaks: List[float] = []

    def after_train_iter(self, runner: Any, **kwargs: Any) -> None:
        if runner.iter + 1 not in COUNTED_STEPS:
            return
        gc.collect()
        modules = list(runner.model.modules())
        managers = [
            getattr(runner.model.distiller, f'{role}_recorders') for role in ('student', 'teacher')
        ]
        buffers = [r.data_buffer for manager in managers for r in manager.recorders.values()]
        self.counts['tensors'].append(sum(type(each) in TENSORS for each in gc.get_objects()))
        self.counts['hooks'].append(
            sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in modules)
        )
        self.counts['records'].append(sum(map(len, buffers)))
        # Peak memory so far, MiB.
        self.peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def test_500_distillation_steps_leak_nothing(tmp_path: Path) -> None:
    """With an adapter and the default hooks of the configs."""
    model = distill_cfg(teacher=tracker_cfg(0, 4, backbone=dict(embed_dims=24)))
    model['distiller'].update(reduction='mean')
    count = CountHook()
    with mmtrack_scope():
        runner = train_runner(
            build(model),
            tmp_path,
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=COUNTED_STEPS[-1]),
            checkpoint=dict(type=f'mmeatrack.{HOOKS[0]}', by_epoch=False, interval=250),
            custom_hooks=[count, *(dict(type=f'mmeatrack.{name}') for name in HOOKS[1:])],
        )
        # One epoch for all steps: MMEngine waits two seconds before each new one.
        runner._train_dataloader['dataset'] = ToyCrops(length=1000)
        runner.train()
    assert len(count.peaks) == 3
    assert count.counts['tensors'][0] > 100
    assert all(len(set(values)) == 1 for values in count.counts.values()), count.counts
    assert count.counts['records'][0] == 0
    assert count.peaks[-1] - count.peaks[0] < 10, count.peaks
