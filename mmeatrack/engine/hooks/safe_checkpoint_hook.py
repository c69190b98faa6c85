"""Checkpoints that survive a kill, a full disk and a damaged file."""

import math
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List, Optional, Union

from mmengine.dist import all_reduce_params, barrier, is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from mmeatrack.compat.checkpoint import load_checkpoint_file
from mmeatrack.files.atomic import write_atomically
from mmeatrack.log import warn
from mmeatrack.models.checkpoint_fit import compare, refuse_other_model
from mmeatrack.models.wrappers import running_statistics, unwrap
from mmeatrack.registry import HOOKS

_POINTER = 'last_checkpoint'  # MMEngine's file with the path of the newest checkpoint


ATOMIC_BACKEND = 'mmeatrack_atomic'
"""Name of :class:`AtomicLocalBackend`, for ``backend_args=dict(backend=...)``."""


@register_backend(ATOMIC_BACKEND)
class AtomicLocalBackend(LocalBackend):
    """Local disk on which a file is complete under its name, or not there."""

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Write a file with :func:`write_atomically`."""
        write_atomically(filepath, obj)


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook with checkpoints that are complete or not there.

    A checkpoint is written to a temporary file, forced to the disk and then renamed. Older ones are
    removed only after that, which takes the space of one more checkpoint meanwhile.
    ``--resume`` skips a last checkpoint that cannot be read (damaged, or of an older run) with a
    warning, and continues from the newest one before it. In a folder that was moved or copied it
    continues from the folder's own checkpoints and does not touch those of the original.

    Each rank of a distributed run has its own batch norm statistics, and rank 0 saves. They are
    averaged before validation and saving, so that all ranks continue with the saved ones.

    Args:
        kwargs: Arguments of :class:`mmengine.hooks.CheckpointHook`. With ``backend_args``, or an
            ``out_dir`` on another machine, that storage decides how files are written.
    """

    file_backend: Any

    def __init__(self, **kwargs: Any) -> None:
        chosen = kwargs.get('backend_args') or kwargs.get('file_client_args')
        if not chosen and not _is_remote(kwargs.get('out_dir')):
            kwargs['backend_args'] = dict(backend=ATOMIC_BACKEND)
        super().__init__(**kwargs)
        template = re.escape(self.filename_tmpl or '')
        self._pattern = re.compile(template.replace(r'\{\}', r'(\d+)'))

    def before_run(self, runner: Runner) -> None:
        """Make ``--resume`` find the newest readable checkpoint.

        Raises:
            RuntimeError: If there are checkpoints and none can be read.
        """
        # The runner has no public names for the two. With load_from it resumes from that file.
        if not runner._resume or runner._load_from is not None:
            return
        if is_main_process() and not _is_remote(self.out_dir):
            self._point_to_readable(Path(runner.work_dir))
        barrier()

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse to resume from the checkpoint of another model or optimizer.

        Raises:
            RuntimeError: If the checkpoint lacks a trained parameter of the model, or its optimizer
                has other parameter groups.
        """
        if not runner._resume:
            return
        source = f'the checkpoint of {runner._load_from or runner.work_dir}'
        remedy = (
            'Resume with the config that wrote it; to start from its weights, use load_from with '
            'a new work_dir and without --resume.'
        )
        model = unwrap(runner.model)
        trained = {name: p.data for name, p in model.named_parameters() if p.requires_grad}
        fit = compare(trained, checkpoint['state_dict'])
        refuse_other_model(fit, model, source, remedy, allow_unknown=True)
        saved, own = _group_sizes(checkpoint.get('optimizer')), _group_sizes(runner.optim_wrapper)
        if saved and own and saved != own:
            raise RuntimeError(
                f'{source} has an optimizer with groups of {saved} parameters; the configured one '
                f'has groups of {own}. {remedy}'
            )

    def before_train(self, runner: Runner) -> None:
        """Prepare to save; forget best checkpoints outside this run's folder.

        A run resumed from a checkpoint of another folder remembers the best ones there.
        """
        if not _is_remote(self.out_dir):
            info, folder = runner.message_hub.runtime_info, self._folder(Path(runner.work_dir))
            for key in [key for key in info if key.startswith('best_ckpt')]:
                best = folder / Path(str(info.pop(key))).name
                if best.is_file():
                    info[key] = str(best)
        super().before_train(runner)

    def _folder(self, work_dir: Path) -> Path:
        if self.out_dir in (None, str(work_dir)):
            return work_dir
        return Path(str(self.out_dir)) / work_dir.name

    def _point_to_readable(self, work_dir: Path) -> None:
        """Make the pointer name the first readable candidate."""
        pointer = work_dir / _POINTER
        named = pointer.read_text().strip() if pointer.is_file() else ''
        if _is_remote(named):
            return
        candidates = self._candidates(named, work_dir)
        for path in candidates:
            problem = _problem_of(path)
            if problem is None:
                if str(path) != named:
                    write_atomically(pointer, str(path))
                    warn(f'training continues from {path}')
                return
            warn(f'the checkpoint {path} is skipped: {problem}')
        if candidates:
            raise RuntimeError(
                f'{pointer} asks to resume, but no checkpoint can be read: '
                f'{sorted(map(str, candidates))}. Copy one there again, or start without --resume.'
            )

    def _candidates(self, named: str, work_dir: Path) -> List[Path]:
        """Checkpoints to resume from, best first.

        Those in the run's own folder come before those in the folder that the pointer names, where
        the run was before it was moved or copied. In each folder the named checkpoint comes first,
        then those before it, newest first.
        """
        own = self._folder(work_dir)
        if not named:
            return self._saved_before(math.inf, own)
        there = Path(os.path.abspath(named))
        match = self._pattern.fullmatch(there.name)
        step = int(match[1]) if match else math.inf
        found = [own / there.name, *self._saved_before(step, own)]
        found += [there, *self._saved_before(step, there.parent)]
        return [path for path in dict.fromkeys(found) if path == there or path.is_file()]

    def _saved_before(self, step: float, folder: Path) -> List[Path]:
        """Checkpoints of earlier epochs or iterations in a folder, newest first."""
        matches = ((self._pattern.fullmatch(path.name), path) for path in folder.glob('*'))
        steps = {path: int(match[1]) for match, path in matches if match}
        earlier = [path for path in steps if steps[path] < step]
        return sorted(earlier, key=steps.__getitem__, reverse=True)

    def before_val_epoch(self, runner: Runner) -> None:
        """Average the ranks' batch norm statistics."""
        _average_statistics(runner)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        _average_statistics(runner)
        with self._saving(runner):
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        with self._saving(runner):
            super()._save_best_checkpoint(runner, metrics)

    @contextmanager
    def _saving(self, runner: Runner) -> Iterator[None]:
        """Delay MMEngine's removals until the new checkpoint is saved; explain an OSError."""
        outdated: List[str] = []
        remove, self.file_backend.remove = self.file_backend.remove, outdated.append
        try:
            yield
        except OSError as error:
            pointer = Path(runner.work_dir) / _POINTER
            last = pointer.read_text() if pointer.is_file() else 'none yet'
            raise RuntimeError(
                f'A checkpoint could not be saved ({error}), and training stops here. The last '
                f'complete checkpoint is untouched: {last}. Free space and continue with --resume.'
            ) from error
        finally:
            self.file_backend.remove = remove
        best = getattr(self, 'best_ckpt_path_dict', {}).values()
        for path in set(outdated).difference(
            [self.last_ckpt, getattr(self, 'best_ckpt_path', None), *best]
        ):
            remove(path)


def _average_statistics(runner: Runner) -> None:
    if runner.distributed:
        buffers = running_statistics(unwrap(runner.model))
        names = [name for name in buffers if name.endswith(('running_mean', 'running_var'))]
        all_reduce_params([buffers[name] for name in names], op='mean')


def _problem_of(path: Path) -> Optional[str]:
    """Reason why MMEngine cannot resume from a file; None if it can."""
    try:
        checkpoint = load_checkpoint_file(path, map_location='cpu')
    except (FileNotFoundError, RuntimeError) as error:
        return str(error)
    missing = {'meta', 'message_hub', 'state_dict'}.difference(checkpoint)
    return f'it has no {sorted(missing)}' if missing else None


def _group_sizes(optimizer: Any) -> List[int]:
    """Numbers of parameters in the groups of an optimizer, its wrapper or its state."""
    is_state = isinstance(optimizer, dict)
    groups = optimizer.get('param_groups') if is_state else getattr(optimizer, 'param_groups', None)
    return [len(group['params']) for group in groups or []]


def _is_remote(path: Any) -> bool:
    return path is not None and '://' in str(path)
