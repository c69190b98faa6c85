"""Student-only checkpoints of a distillation."""

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


@HOOKS.register_module()
class StudentExportHook(Hook):
    """Writes ``epoch_3_student.pth`` next to ``epoch_3.pth``, and likewise for best checkpoints.

    The file holds the student's weights in the checkpoint (those of an averaging hook, for
    example), without teacher, adapters and optimizer. It loads with ``strict=True`` into the
    student's own config. A student file of this run is removed along with its checkpoint
    (``max_keep_ckpts``); other files stay.
    """

    # After CheckpointHook (VERY_LOW), whose files this hook looks for.
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._exported: Set[Path] = set()  # checkpoints
        self._seen: Dict[Path, Tuple[int, int]] = {}  # versions of checkpoint files

    def before_train(self, runner: Runner) -> None:
        """Refuse a model without a student; ignore the files of earlier runs.

        Raises:
            TypeError: If the model is not a distillation algorithm.
        """
        distillation(runner.model, 'student', 'StudentExportHook')
        self._seen = _checkpoints(runner)

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
        for path, version in _checkpoints(runner).items():
            if self._seen.get(path) != version:
                self._export(runner, path)
                self._seen[path] = version

    def _export(self, runner: Runner, checkpoint: Path) -> None:
        target = student_path(checkpoint)
        content = load_checkpoint_file(checkpoint, map_location='cpu')
        dataset_meta = content['meta'].get('dataset_meta', {})
        meta = dict(dataset_meta=dataset_meta, distilled_by=checkpoint.name)
        save_student(student_weights(content['state_dict'], unwrap(runner.model)), target, meta)
        print_log(f'student exported to {target}', 'current')
        self._exported.add(checkpoint)
        for removed in [other for other in self._exported if not other.exists()]:
            student_path(removed).unlink(missing_ok=True)
            self._exported.remove(removed)


def student_weights(weights: Mapping[str, Tensor], model: Any) -> Dict[str, Tensor]:
    """Return the student's state dict, from the weights of its distillation algorithm.

    Raises:
        RuntimeError: If some of the student's weights are missing.
    """
    name = next(name for name, module in model.named_modules() if module is model.student)
    keys = list(model.student.state_dict())
    missing = [key for key in keys if f'{name}.{key}' not in weights]
    if missing:
        raise RuntimeError(
            f"the checkpoint has {len(weights)} weights, but lacks {len(missing)} of the student's,"
            f' such as {name}.{missing[0]}: no student can be exported from it.'
        )
    return {key: weights[f'{name}.{key}'] for key in keys}


def student_path(checkpoint: Union[str, Path]) -> Path:
    """Path of a checkpoint's student: ``a/epoch_3.pth`` -> ``a/epoch_3_student.pth``."""
    checkpoint = Path(checkpoint)
    return checkpoint.with_name(f'{checkpoint.stem}_student{checkpoint.suffix}')


def save_student(weights: Mapping[str, Tensor], path: Path, meta: dict) -> None:
    """Write a student checkpoint atomically; OSError if that fails."""
    buffer = io.BytesIO()
    torch.save(dict(meta=meta, state_dict=dict(weights)), buffer)
    write_atomically(path, buffer.getvalue())


def _checkpoints(runner: Runner) -> Dict[Path, Tuple[int, int]]:
    """Last and best checkpoints in MMEngine's message hub, with time and inode of the file."""
    info: Mapping[str, Any] = runner.message_hub.runtime_info
    names = [key for key in info if key == 'last_ckpt' or key.startswith('best_ckpt')]
    paths = [Path(info[name]) for name in names if info[name]]
    status = {path: path.stat() for path in paths if path.is_file()}
    return {path: (each.st_mtime_ns, each.st_ino) for path, each in status.items()}
