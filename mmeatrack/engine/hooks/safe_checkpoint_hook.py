"""Checkpoints that survive a kill, a full disk and a damaged file."""

import logging
import re
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from mmengine.dist import barrier, is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmeatrack.compat.checkpoint import load_checkpoint_file
from mmeatrack.engine.atomic_backend import ATOMIC_BACKEND, AtomicLocalBackend
from mmeatrack.registry import HOOKS

_POINTER = 'last_checkpoint'  # MMEngine's file with the path of the newest checkpoint


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook, after which a checkpoint is whole or not there.

    A checkpoint is written beside its place, forced to the disk and then renamed; older ones are
    removed only after that, so that there is one more file of a checkpoint's size meanwhile.
    On ``--resume`` a last checkpoint that cannot be read (an older run's, or on a damaged disk) is
    skipped with a warning, and training goes on from the newest one before it.

    Args:
        kwargs: Of :class:`mmengine.hooks.CheckpointHook`. With ``backend_args`` or an ``out_dir``
            that is no folder of this machine, that storage decides how files are written.
    """

    file_backend: Any

    def __init__(self, **kwargs: Any) -> None:
        chosen = kwargs.get('backend_args') or kwargs.get('file_client_args')
        if not chosen and not _is_remote(kwargs.get('out_dir')):
            kwargs['backend_args'] = dict(backend=ATOMIC_BACKEND)
        super().__init__(**kwargs)

    def before_run(self, runner: Runner) -> None:
        """Let ``--resume`` find the newest checkpoint that can be read.

        Raises:
            RuntimeError: If there are checkpoints and none can be read.
        """
        # The runner has no public names for the two; with load_from it resumes from that file.
        if not runner._resume or runner._load_from is not None:
            return
        if is_main_process():
            self._point_to_readable(Path(runner.work_dir))
        barrier()

    def _point_to_readable(self, work_dir: Path) -> None:
        pointer = work_dir / _POINTER
        named = pointer.read_text().strip() if pointer.is_file() else None
        if named is None or _is_remote(named):
            return  # MMEngine begins anew, or asks the storage
        problems: Dict[Path, str] = {}
        for path in self._candidates(named, work_dir):
            problem = _unreadable(path)
            if problem is None:
                if str(path) != named:
                    AtomicLocalBackend().put(str(path).encode(), pointer)
                    _warn(f'training goes on from {path}')
                return
            problems[path] = problem
            _warn(f'the checkpoint {path} is skipped: {problem}')
        raise RuntimeError(
            f'{pointer} asks to resume, but no checkpoint can be read: '
            f'{sorted(map(str, problems))}. Copy one there again, or begin anew without --resume.'
        )

    def _candidates(self, named: str, work_dir: Path) -> List[Path]:
        """The named checkpoint, then those before it, newest first."""
        pattern = re.compile(re.escape(self.filename_tmpl).replace(r'\{\}', r'(\d+)'))
        folder = Path(named).parent if named else self._folder(work_dir)
        steps = {}
        for path in folder.glob('*'):
            match = pattern.fullmatch(path.name)
            if match:
                steps[int(match[1])] = path
        match = pattern.fullmatch(Path(named).name)
        if match:
            steps = {step: path for step, path in steps.items() if step < int(match[1])}
        older = [steps[step] for step in sorted(steps, reverse=True)]
        return [Path(named), *older] if named else older

    def _folder(self, work_dir: Path) -> Path:
        return work_dir if self.out_dir is None else Path(self.out_dir) / work_dir.name

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        with self._removing_last(), self._explaining(runner):
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        with self._removing_last(), self._explaining(runner):
            super()._save_best_checkpoint(runner, metrics)

    @contextmanager
    def _removing_last(self) -> Iterator[None]:
        """Keep what MMEngine removes before it saves until the new checkpoint is there."""
        backend = self.file_backend
        removals = _LateRemovals(backend)
        self.file_backend = removals
        try:
            yield
        finally:
            self.file_backend = backend
        for path in removals.paths:
            if path not in self._current():
                backend.remove(path)

    def _current(self) -> List[Any]:
        """Paths of the checkpoints that count now."""
        best = getattr(self, 'best_ckpt_path_dict', {}).values()
        return [self.last_ckpt, getattr(self, 'best_ckpt_path', None), *best]

    @contextmanager
    def _explaining(self, runner: Runner) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            pointer = Path(runner.work_dir) / _POINTER
            last = pointer.read_text() if pointer.is_file() else 'none yet'
            raise RuntimeError(
                f'A checkpoint could not be saved ({error}), and training stops here. The last '
                f'complete checkpoint is untouched: {last}. Make room and go on with --resume.'
            ) from error


class _LateRemovals:
    """A file backend that only notes what it is told to remove."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.paths: List[str] = []

    def remove(self, path: str) -> None:
        self.paths.append(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)


def _unreadable(path: Path) -> Optional[str]:
    """Why MMEngine cannot resume from a file; None if it can."""
    try:
        checkpoint = load_checkpoint_file(path, map_location='cpu')
    except (FileNotFoundError, RuntimeError) as error:
        return str(error)
    missing = {'meta', 'message_hub', 'state_dict'}.difference(checkpoint)
    return f'it has no {sorted(missing)}' if missing else None


def _is_remote(path: Any) -> bool:
    return path is not None and '://' in str(path)


def _warn(message: str) -> None:
    print_log(message, 'current', level=logging.WARNING)
