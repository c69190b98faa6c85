"""A student-only checkpoint beside every checkpoint of a distillation."""

import io
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Set, Tuple, Union

import torch
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch import Tensor

from mmeatrack.compat.checkpoint import load_checkpoint_file
from mmeatrack.files.atomic import write_atomically
from mmeatrack.models.wrappers import distillation, unwrap
from mmeatrack.registry import HOOKS

_SUFFIX = '_student'


@HOOKS.register_module()
class StudentExportHook(Hook):
    """Writes ``epoch_3_student.pth`` beside ``epoch_3.pth``, and so for best checkpoints.

    The file holds the weights that the checkpoint itself holds for the student, those of an
    averaging hook for one, and nothing of teacher, adapters or optimizer. It loads with
    ``strict=True`` into the student's own config. A student file that this run wrote is removed
    when its checkpoint is (``max_keep_ckpts``); any other file stays.
    """

    # After CheckpointHook (VERY_LOW), whose files this hook looks for.
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._exported: Set[Path] = set()  # checkpoints
        self._seen: Dict[Path, Tuple[int, int]] = {}  # state of the files that were dealt with

    def before_train(self, runner: Runner) -> None:
        """Refuse a model without a student; leave the files of earlier runs as they are.

        Raises:
            TypeError: If the model is no distillation algorithm.
        """
        distillation(runner.model, 'student', 'StudentExportHook')
        self._seen = {path: _state(path) for path in _checkpoints(runner) if path.is_file()}

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
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
        for path in _checkpoints(runner):
            if path.is_file() and self._seen.get(path) != _state(path):
                self._export(runner, path)
                self._seen[path] = _state(path)

    def _export(self, runner: Runner, checkpoint: Path) -> None:
        target = student_path(checkpoint)
        content = load_checkpoint_file(checkpoint, map_location='cpu')
        meta = dict(
            dataset_meta=content['meta'].get('dataset_meta', {}), distilled_by=checkpoint.name
        )
        save_student(student_weights(content['state_dict'], unwrap(runner.model)), target, meta)
        print_log(f'student exported to {target}', 'current')
        self._exported.add(checkpoint)
        for removed in [other for other in self._exported if not other.exists()]:
            student_path(removed).unlink(missing_ok=True)
            self._exported.remove(removed)


def student_weights(weights: Mapping[str, Tensor], model: Any) -> Dict[str, Tensor]:
    """State dict of the ``student`` of a distillation algorithm, from the algorithm's weights.

    Raises:
        RuntimeError: If the weights lack one of the student's.
    """
    name = next(name for name, module in model.named_modules() if module is model.student)
    found = {key: weights.get(f'{name}.{key}') for key in model.student.state_dict()}
    missing = [key for key, value in found.items() if value is None]
    if missing:
        raise RuntimeError(
            f'the checkpoint has {len(weights)} weights, but none for {len(missing)} of the '
            f"student's, {name}.{missing[0]} for one: no student can be exported from it."
        )
    return {key: value for key, value in found.items() if value is not None}


def student_path(checkpoint: Union[str, Path]) -> Path:
    """Path of the student of a checkpoint: ``a/epoch_3.pth`` -> ``a/epoch_3_student.pth``."""
    checkpoint = Path(checkpoint)
    return checkpoint.with_name(f'{checkpoint.stem}{_SUFFIX}{checkpoint.suffix}')


def save_student(weights: Mapping[str, Tensor], path: Path, meta: dict) -> None:
    """Write a student checkpoint whole, or raise OSError and write nothing."""
    buffer = io.BytesIO()
    torch.save(dict(meta=meta, state_dict=dict(weights)), buffer)
    write_atomically(path, buffer.getvalue())


def _checkpoints(runner: Runner) -> Set[Path]:
    """The last checkpoint and the best ones, as MMEngine's message hub names them."""
    info: Mapping[str, Any] = runner.message_hub.runtime_info
    names = [key for key in info if key == 'last_ckpt' or key.startswith('best_ckpt')]
    return {Path(info[name]) for name in names if info[name]}


def _state(path: Path) -> Tuple[int, int]:
    """Facts that change when a file is written anew."""
    status = path.stat()
    return status.st_mtime_ns, status.st_ino
