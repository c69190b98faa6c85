"""The teacher's metric beside the student's in every validation of a distillation."""

from typing import Any, Dict, Optional

import torch
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmeatrack.models.wrappers import distillation
from mmeatrack.registry import HOOKS


@HOOKS.register_module()
class TeacherValHook(Hook):
    """Logs ``teacher/<metric>`` with the student's metrics.

    The teacher is frozen, so that it runs through the validation data once, before the student's
    first validation; its numbers are logged with every one.
    """

    # Before LoggerHook (BELOW_NORMAL), which writes what is logged here.
    priority = 'NORMAL'

    def __init__(self) -> None:
        self._metrics: Optional[Dict[str, Any]] = None

    def before_val_epoch(self, runner: Runner) -> None:
        """Run the teacher, once; TypeError if the model has none."""
        if self._metrics is not None:
            return
        model = distillation(runner.model, 'teacher', 'TeacherValHook')
        loop = runner.val_loop
        print_log('the teacher runs through the validation data', 'current')
        with torch.no_grad():
            for batch in loop.dataloader:
                loop.evaluator.process(data_samples=model.teacher.val_step(batch), data_batch=batch)
        metrics = loop.evaluator.evaluate(len(loop.dataloader.dataset))
        self._metrics = {f'teacher/{name}': value for name, value in metrics.items()}

    def after_val_epoch(self, runner: Runner, metrics: Optional[Dict[str, float]] = None) -> None:
        """Log the teacher's metrics for LoggerHook; ``metrics`` stay the student's own."""
        for name, value in (self._metrics or {}).items():
            if isinstance(value, (int, float)):
                runner.message_hub.update_scalar(f'val/{name}', value)
            else:
                runner.message_hub.update_info(f'val/{name}', value)
