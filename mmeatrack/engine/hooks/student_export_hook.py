"""A student-only checkpoint beside every checkpoint of a distillation."""

import os
from pathlib import Path
from typing import Optional, Set, Union

import torch
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch import nn

from mmeatrack.models.wrappers import unwrap
from mmeatrack.registry import HOOKS

_SUFFIX = '_student'


@HOOKS.register_module()
class StudentExportHook(Hook):
    """Writes ``epoch_3_student.pth`` beside ``epoch_3.pth``, and so for best checkpoints.

    The file holds the student's weights and nothing of teacher, adapters or optimizer. It loads
    with ``strict=True`` into the student's own config. A student file that this run wrote is
    removed when its checkpoint is (``max_keep_ckpts``); any other file stays.
    """

    # After CheckpointHook (VERY_LOW), whose files this hook looks for.
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._exported: Set[Path] = set()  # checkpoints

    def before_train(self, runner: Runner) -> None:
        """Refuse a model without a student.

        Raises:
            TypeError: If the model is no distillation algorithm.
        """
        if not hasattr(unwrap(runner.model), 'student'):
            raise TypeError(
                f'StudentExportHook exports the student of a distillation algorithm, but the model '
                f'is {type(unwrap(runner.model)).__name__}: remove the hook from custom_hooks.'
            )

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Optional[dict] = None,
        outputs: Optional[dict] = None,
    ) -> None:
        """Export after a checkpoint that was saved by iteration."""
        self._export_new(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Export after a checkpoint that was saved by epoch."""
        self._export_new(runner)

    def after_val_epoch(self, runner: Runner, metrics: Optional[dict] = None) -> None:
        """Export the best checkpoint."""
        self._export_new(runner)

    @master_only
    def _export_new(self, runner: Runner) -> None:
        for key in ('last_ckpt', 'best_ckpt'):
            if key in runner.message_hub.runtime_info:
                path = Path(runner.message_hub.get_info(key))
                if path.is_file() and _is_older(student_path(path), path):
                    self._export(runner, path)

    def _export(self, runner: Runner, checkpoint: Path) -> None:
        target = student_path(checkpoint)
        save_student(
            unwrap(runner.model).student,
            target,
            dict(
                dataset_meta=getattr(runner.train_dataloader.dataset, 'metainfo', {}),
                distilled_by=checkpoint.name,
            ),
        )
        print_log(f'student exported to {target}', 'current')
        self._exported.add(checkpoint)
        for removed in [other for other in self._exported if not other.exists()]:
            student_path(removed).unlink(missing_ok=True)
            self._exported.remove(removed)


def student_path(checkpoint: Union[str, Path]) -> Path:
    """Where the student of a checkpoint lies: ``a/epoch_3.pth`` -> ``a/epoch_3_student.pth``."""
    checkpoint = Path(checkpoint)
    return checkpoint.with_name(f'{checkpoint.stem}{_SUFFIX}{checkpoint.suffix}')


def save_student(student: nn.Module, path: Path, meta: dict) -> None:
    """Write a student checkpoint whole or not at all.

    Args:
        student: The student.
        path: The file.
        meta: Goes under ``meta``.
    """
    weights = {key: value.cpu() for key, value in student.state_dict().items()}
    partial = path.with_name(path.name + '.partial')
    torch.save(dict(meta=meta, state_dict=weights), partial)
    os.replace(partial, path)


def _is_older(path: Path, than: Path) -> bool:
    return not path.exists() or path.stat().st_mtime < than.stat().st_mtime
