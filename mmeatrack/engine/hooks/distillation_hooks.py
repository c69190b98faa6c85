"""Hooks of a distillation: an early end of it, and the teacher's metrics."""

from typing import Any, Dict, Optional

import torch
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmrazor.engine.hooks import StopDistillHook as MMRazorStopDistillHook
from mmrazor.registry import HOOKS as MMRAZOR_HOOKS

from mmeatrack.models.wrappers import distillation, unwrap
from mmeatrack.registry import HOOKS


# MMRazor's own only counts epochs, and never acts on a training that counts iterations.
@MMRAZOR_HOOKS.register_module(name='StopDistillHook', force=True)
@HOOKS.register_module()
class StopDistillHook(MMRazorStopDistillHook):
    """Stops the distillation after a number of epochs or iterations; the student trains on.

    From then on the teacher is not run, and the distillation losses are not in the log. The name
    ``mmrazor.StopDistillHook`` stands for this hook, too.

    Args:
        stop_epoch: Number of epochs with distillation, for an ``EpochBasedTrainLoop``.
        stop_iter: Number of iterations with distillation, for any training loop.

    Raises:
        ValueError: If not exactly one of the two is given, or it is negative.

    Example:
        >>> custom_hooks = [dict(type='mmeatrack.StopDistillHook', stop_iter=400)]
    """

    def __init__(self, stop_epoch: Optional[int] = None, stop_iter: Optional[int] = None) -> None:
        given = [value for value in (stop_epoch, stop_iter) if value is not None]
        if len(given) != 1 or given[0] < 0:
            raise ValueError(
                f'StopDistillHook: stop_epoch={stop_epoch} and stop_iter={stop_iter}; give one of '
                'the two, which must not be negative.'
            )
        self.stop_epoch, self.stop_iter = stop_epoch, stop_iter

    def before_train(self, runner: Runner) -> None:
        """Refuse a training in which the hook would never act.

        Raises:
            TypeError: If the model is not a distillation algorithm.
            ValueError: If ``stop_epoch`` is given and the training loop does not count epochs.
        """
        distillation(runner.model, 'distillation_stopped', 'StopDistillHook')
        if self.stop_epoch is not None and not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ValueError(
                f'StopDistillHook(stop_epoch={self.stop_epoch}) counts epochs, but '
                f'{type(runner.train_loop).__name__} counts iterations: give stop_iter, a number '
                f'up to {runner.max_iters}, instead.'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Stop after ``stop_epoch`` epochs."""
        if self.stop_epoch is not None and runner.epoch >= self.stop_epoch:
            _stop(runner)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Stop after ``stop_iter`` iterations."""
        if self.stop_iter is not None and runner.iter >= self.stop_iter:
            _stop(runner)


def _stop(runner: Runner) -> None:
    model = unwrap(runner.model)
    if model.distillation_stopped:
        return
    model.distillation_stopped = True
    print_log(f'distillation is stopped after {runner.iter} iterations', 'current')
    # The log processor would repeat the last values of these losses to the end.
    scalars = runner.message_hub.log_scalars
    for name in [each for each in scalars if each.startswith('train/distill.')]:
        del scalars[name]


@HOOKS.register_module()
class TeacherValHook(Hook):
    """Logs the teacher's metrics as ``teacher/<metric>`` along with the student's.

    The frozen teacher runs through the validation data once, before the student's first
    validation. Its metrics are logged with every one. Several teachers are ``teacher_0/<metric>``
    and so on, like their losses.
    """

    # Before LoggerHook (BELOW_NORMAL), which writes what is logged here.
    priority = 'NORMAL'

    def __init__(self) -> None:
        self._metrics: Optional[Dict[str, Any]] = None

    def before_val_epoch(self, runner: Runner) -> None:
        """Run the teacher, once; TypeError if the model does not have one."""
        if self._metrics is not None:
            return
        model = distillation(runner.model, 'teacher', 'TeacherValHook')
        teachers = getattr(model, 'teachers', [model.teacher])
        self._metrics = {}
        for index, teacher in enumerate(teachers):
            name = 'teacher' if len(teachers) == 1 else f'teacher_{index}'
            print_log(f'{name} runs through the validation data', 'current')
            for key, value in _validate(runner.val_loop, teacher).items():
                self._metrics[f'{name}/{key}'] = value

    def after_val_epoch(self, runner: Runner, metrics: Optional[Dict[str, float]] = None) -> None:
        """Log the teacher's metrics for LoggerHook; ``metrics`` stay the student's."""
        for name, value in (self._metrics or {}).items():
            if isinstance(value, (int, float)):
                runner.message_hub.update_scalar(f'val/{name}', value)
            else:
                runner.message_hub.update_info(f'val/{name}', value)


@torch.no_grad()
def _validate(loop: Any, teacher: Any) -> Dict[str, Any]:
    for batch in loop.dataloader:
        loop.evaluator.process(data_samples=teacher.val_step(batch), data_batch=batch)
    metrics: Dict[str, Any] = loop.evaluator.evaluate(len(loop.dataloader.dataset))
    return metrics
