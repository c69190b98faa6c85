"""Protection of a training from batches whose data or losses are not finite."""

from typing import Any, Collection, List, Optional, Tuple

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from mmeatrack.engine.finite_check import bad_samples, non_finite_data
from mmeatrack.engine.guarded_optim import GuardedOptimWrapper, check_guard, guarded
from mmeatrack.log import warn
from mmeatrack.models.wrappers import running_statistics, unwrap
from mmeatrack.registry import HOOKS


@HOOKS.register_module()
class NonFiniteGuardHook(Hook):
    """Keeps batches with NaN or infinity in images, annotations or losses out of a training.

    The optimizer wrapper of the config becomes a :class:`GuardedOptimWrapper`, which refuses such a
    batch before it has gradients. Nothing of it gets into weights, batch norm statistics or logged
    averages: in the forward pass other samples stand in for those that are not finite. The message
    names the losses and the samples. With several processes all of them stop or skip together. Data
    that come from a GPU are looked at when their loss is not finite, for each look waits for it.

    Args:
        action, max_skips: See :class:`GuardedOptimWrapper`, also for the errors.
    """

    # Before the hooks that log a batch's losses (RuntimeInfoHook is VERY_HIGH).
    priority = 'HIGHEST'

    def __init__(self, action: str = 'stop', max_skips: int = 20) -> None:
        check_guard(action, max_skips)
        self.action, self.max_skips = action, max_skips
        self._wrapper: Optional[GuardedOptimWrapper] = None
        self._handle: Optional[RemovableHandle] = None
        self._statistics: List[Tuple[Tensor, Tensor]] = []  # buffers, and what they held
        self._spare: Any = None  # a finite sample

    def before_train(self, runner: Runner) -> None:
        """Guard the optimizer wrapper."""
        self._wrapper = guarded(runner.optim_wrapper, self.action, self.max_skips)
        self._handle = unwrap(runner.model).register_forward_hook(self._keep_losses)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Check the data; RuntimeError if no sample of the first batch is finite."""
        assert self._wrapper is not None
        bad = bad_samples(data_batch)
        self._wrapper.begin_batch(data_batch, non_finite_data(data_batch) if bad else None)
        self._stand_in(data_batch, bad)
        if self._wrapper.action == 'skip':
            statistics = running_statistics(unwrap(runner.model)).values()
            self._statistics = [(buffer, buffer.clone()) for buffer in statistics]

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Undo what a skipped batch has changed; give the hooks that log numbers of the host."""
        assert self._wrapper is not None
        if self._wrapper.is_skipped:
            for buffer, before in self._statistics:
                buffer.copy_(before)
            if outputs is not None:
                outputs.clear()  # what the other hooks log
        elif outputs is not None:
            outputs.update({k: v for k, v in self._wrapper.logged.items() if k in outputs})
        self._statistics = []
        self._wrapper.begin_batch()  # holds nothing of the last one

    def after_train(self, runner: Runner) -> None:
        """Say how many batches were skipped."""
        if self._handle is not None:
            self._handle.remove()
        if self._wrapper is not None and self._wrapper.num_skipped:
            warn(f'{self._wrapper.num_skipped} batches were skipped for NaN or infinity')

    def _keep_losses(self, model: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, dict) and self._wrapper is not None:
            self._wrapper.losses = output

    def _stand_in(self, batch: Any, bad: Collection[int]) -> None:
        """Put a finite sample, the first of the run, in the place of the bad ones."""
        inputs, samples = batch['inputs'], batch['data_samples']
        good = [index for index in range(len(samples)) if index not in bad]
        if self._spare is None and good:
            tensors = {key: values[good[0]].clone() for key, values in inputs.items()}
            self._spare = tensors, samples[good[0]].clone()
        if not bad:
            return
        if self._spare is None:
            raise RuntimeError(
                f'{non_finite_data(batch)}; no sample of the first batch is finite, so that it '
                'cannot even be skipped. Mend these data.'
            )
        tensors, sample = self._spare
        for key, values in inputs.items():
            inputs[key] = [tensors[key] if i in bad else each for i, each in enumerate(values)]
        batch['data_samples'] = [
            sample.clone() if i in bad else each for i, each in enumerate(samples)
        ]
