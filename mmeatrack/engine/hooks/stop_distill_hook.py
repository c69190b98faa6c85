"""End of a distillation before the end of its training."""

from typing import Any, Optional

from mmengine.logging import print_log
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmrazor.engine.hooks import StopDistillHook as MMRazorStopDistillHook
from mmrazor.registry import HOOKS as MMRAZOR_HOOKS

from mmeatrack.models.wrappers import distillation, unwrap
from mmeatrack.registry import HOOKS

_DISTILL_LOSSES = 'train/distill.'


# MMRazor's own counts epochs only, and never acts on a training that counts iterations.
@MMRAZOR_HOOKS.register_module(name='StopDistillHook', force=True)
@HOOKS.register_module()
class StopDistillHook(MMRazorStopDistillHook):
    """Stops the distillation after a number of epochs or iterations; the student trains on.

    The teacher is not run any more, and its losses disappear from the log. The name
    ``mmrazor.StopDistillHook`` stands for this hook too.

    Args:
        stop_epoch: Number of epochs with distillation, for an ``EpochBasedTrainLoop``.
        stop_iter: Number of iterations with distillation, for any training loop.

    Raises:
        ValueError: If not exactly one of the two is given, or it is negative.

    Example:
        >>> custom_hooks = [dict(type='mmeatrack.StopDistillHook', stop_iter=400)]
    """

    def __init__(self, stop_epoch: Optional[int] = None, stop_iter: Optional[int] = None) -> None:
        if (stop_epoch is None) == (stop_iter is None):
            raise ValueError(
                f'StopDistillHook: stop_epoch={stop_epoch} and stop_iter={stop_iter}; give one of '
                'the two.'
            )
        if min(stop_epoch or 0, stop_iter or 0) < 0:
            raise ValueError(
                f'StopDistillHook: stop_epoch={stop_epoch}, stop_iter={stop_iter} must not be '
                'negative.'
            )
        self.stop_epoch, self.stop_iter = stop_epoch, stop_iter

    def before_train(self, runner: Runner) -> None:
        """Refuse a training in which the hook could never act.

        Raises:
            TypeError: If the model is no distillation algorithm.
            ValueError: If the training loop does not count epochs and ``stop_epoch`` is given.
        """
        distillation(runner.model, 'distillation_stopped', 'StopDistillHook')
        if self.stop_epoch is not None and not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ValueError(
                f'StopDistillHook(stop_epoch={self.stop_epoch}) counts epochs, but '
                f'{type(runner.train_loop).__name__} counts iterations: give stop_iter, a number '
                f'up to {runner.max_iters}, in its place.'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Stop, if that many epochs are done."""
        if self.stop_epoch is not None and runner.epoch >= self.stop_epoch:
            _stop(runner)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Stop, if that many iterations are done."""
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
    for name in [each for each in scalars if each.startswith(_DISTILL_LOSSES)]:
        del scalars[name]
