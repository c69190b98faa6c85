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

    The config's optimizer wrapper becomes a :class:`GuardedOptimWrapper`, which refuses such a
    batch before backward. It does not affect weights, batch norm statistics or logged averages: in
    the forward pass, samples that are not finite are replaced by a finite one. The message names
    the losses and the samples. In a distributed run all processes stop or skip together. Data on a
    GPU are only checked after their loss is not finite, because each check waits for the GPU.

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
        self._statistics: List[Tuple[Tensor, Tensor]] = []  # buffers and their values before
        self._spare: Any = None  # inputs and annotation of a finite sample

    def before_train(self, runner: Runner) -> None:
        """Guard the optimizer wrapper."""
        self._wrapper = guarded(runner.optim_wrapper, self.action, self.max_skips)
        self._handle = unwrap(runner.model).register_forward_hook(self._keep_losses)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Check the data; RuntimeError if no sample of the first batch is finite."""
        assert self._wrapper is not None
        bad = bad_samples(data_batch)
        self._wrapper.begin_batch(data_batch, non_finite_data(data_batch) if bad else None)
        self._replace(data_batch, bad)
        if self._wrapper.action == 'skip':
            statistics = running_statistics(unwrap(runner.model)).values()
            self._statistics = [(buffer, buffer.clone()) for buffer in statistics]

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Undo the effects of a skipped batch; give the logging hooks numbers on the CPU."""
        assert self._wrapper is not None
        if self._wrapper.is_skipped:
            for buffer, before in self._statistics:
                buffer.copy_(before)
            if outputs is not None:
                outputs.clear()  # nothing to log
        elif outputs is not None:
            outputs.update({k: v for k, v in self._wrapper.logged.items() if k in outputs})
        self._statistics = []
        self._wrapper.begin_batch()  # release the batch

    def after_train(self, runner: Runner) -> None:
        """Log the number of skipped batches."""
        if self._handle is not None:
            self._handle.remove()
        if self._wrapper is not None and self._wrapper.num_skipped:
            warn(f'{self._wrapper.num_skipped} batches were skipped for NaN or infinity')

    def _keep_losses(self, model: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, dict) and self._wrapper is not None:
            self._wrapper.losses = output

    def _replace(self, batch: Any, bad: Collection[int]) -> None:
        """Replace the bad samples by the first finite one of the run."""
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
                'cannot even be skipped. Correct these data.'
            )
        tensors, sample = self._spare
        for key, values in inputs.items():
            inputs[key] = [tensors[key] if i in bad else each for i, each in enumerate(values)]
        batch['data_samples'] = [
            sample.clone() if i in bad else each for i, each in enumerate(samples)
        ]
