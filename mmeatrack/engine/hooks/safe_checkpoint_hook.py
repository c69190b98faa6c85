"""Checkpoints that survive a kill, a full disk and a damaged file."""

import re
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Union

from mmengine.dist import all_reduce_params, barrier, is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from mmeatrack.compat.checkpoint import load_checkpoint_file
from mmeatrack.files.atomic import write_atomically
from mmeatrack.log import warn
from mmeatrack.models.wrappers import running_statistics, unwrap
from mmeatrack.registry import HOOKS

_POINTER = 'last_checkpoint'  # MMEngine's file with the path of the newest checkpoint
_STATISTICS = ('running_mean', 'running_var')  # of a batch norm


ATOMIC_BACKEND = 'mmeatrack_atomic'
"""Name of :class:`AtomicLocalBackend`, for ``backend_args=dict(backend=...)``."""


@register_backend(ATOMIC_BACKEND)
class AtomicLocalBackend(LocalBackend):
    """The local disk; a file appears under its name when all of it is on the disk, or never."""

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Write the content of a file, as :func:`write_atomically` does."""
        write_atomically(filepath, obj)


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook, after which a checkpoint is whole or not there.

    A checkpoint is written beside its place, forced to the disk and then renamed; older ones are
    removed only after that, so that there is one more file of a checkpoint's size meanwhile.
    On ``--resume`` a last checkpoint that cannot be read (an older run's, or on a damaged disk) is
    skipped with a warning, and training goes on from the newest one before it. A folder that was
    moved or copied goes on from its own checkpoints and leaves those of its origin alone.

    Each rank of a distributed run has batch norm statistics of its own, and rank 0 saves. They are
    averaged before validation and saving, so that all ranks go on with what was saved.

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
        template = re.escape(self.filename_tmpl or '')
        self._pattern = re.compile(template.replace(r'\{\}', r'(\d+)'))

    def before_run(self, runner: Runner) -> None:
        """Let ``--resume`` find the newest checkpoint that can be read.

        Raises:
            RuntimeError: If there are checkpoints and none can be read.
        """
        # The runner has no public names for the two; with load_from it resumes from that file.
        if not runner._resume or runner._load_from is not None:
            return
        if is_main_process() and not _is_remote(self.out_dir):
            self._point_to_readable(Path(runner.work_dir))
        barrier()

    def before_train(self, runner: Runner) -> None:
        """Prepare to save; leave the best checkpoints of other folders alone.

        A run that goes on from another folder's checkpoint remembers the best ones there.
        """
        super().before_train(runner)
        if not _is_remote(self.out_dir):
            self._adopt_best(runner)

    def _adopt_best(self, runner: Runner) -> None:
        """Take the files of the own folder for the best ones, and none where they are not there."""
        info = runner.message_hub.runtime_info
        for key in [each for each in info if each.startswith('best_ckpt')]:
            own = Path(str(self.out_dir)) / Path(str(info[key])).name
            found = str(own) if own.is_file() else None
            if hasattr(self, 'best_ckpt_path'):
                self.best_ckpt_path = found
            elif hasattr(self, 'best_ckpt_path_dict'):
                self.best_ckpt_path_dict[key[len('best_ckpt_') :]] = found
            if found is None:
                del info[key]
            else:
                info[key] = found

    def _point_to_readable(self, work_dir: Path) -> None:
        """Make the pointer name the first candidate that can be read."""
        pointer = work_dir / _POINTER
        named = pointer.read_text().strip() if pointer.is_file() else ''
        if _is_remote(named):
            return  # MMEngine asks the storage
        problems: Dict[Path, str] = {}
        for path in self._candidates(named, work_dir):
            problem = _unreadable(path)
            if problem is None:
                if str(path) != named:
                    AtomicLocalBackend().put(str(path).encode(), pointer)
                    warn(f'training goes on from {path}')
                return
            problems[path] = problem
            warn(f'the checkpoint {path} is skipped: {problem}')
        if problems:
            raise RuntimeError(
                f'{pointer} asks to resume, but no checkpoint can be read: '
                f'{sorted(map(str, problems))}. Copy one there again, or begin anew without '
                '--resume.'
            )

    def _candidates(self, named: str, work_dir: Path) -> List[Path]:
        """Checkpoints to go on from, the best first.

        Those of the run's own folder come before those of the folder that the pointer names, which
        is where the run was before it was moved or copied. In each folder the named checkpoint
        comes first, then those before it, newest first.
        """
        own = self._folder(work_dir)
        if not named:
            return self._numbered(own)
        there = Path(named)
        found = self._up_to(there.name, own)
        if there.resolve().parent == own.resolve():
            return found if found and found[0].name == there.name else [there, *found]
        return [*found, there, *self._up_to(there.name, there.parent)[1:]]

    def _up_to(self, name: str, folder: Path) -> List[Path]:
        """The checkpoint of a name, where it is there, and the numbered ones before it."""
        last = self._number(name)
        older = [
            path
            for path in self._numbered(folder)
            if last is None or (self._number(path.name) or 0) < last
        ]
        return [*([folder / name] if (folder / name).is_file() else []), *older]

    def _numbered(self, folder: Path) -> List[Path]:
        found = [path for path in folder.glob('*') if self._number(path.name) is not None]
        return sorted(found, key=lambda path: self._number(path.name) or 0, reverse=True)

    def _number(self, name: str) -> Optional[int]:
        """The epoch or iteration in a checkpoint's name; None for other files."""
        match = self._pattern.fullmatch(name)
        return int(match[1]) if match else None

    def _folder(self, work_dir: Path) -> Path:
        return work_dir if self.out_dir is None else Path(self.out_dir) / work_dir.name

    def before_val_epoch(self, runner: Runner) -> None:
        """Average the ranks' batch norm statistics."""
        _average_statistics(runner)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        _average_statistics(runner)
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


def _average_statistics(runner: Runner) -> None:
    if runner.distributed:
        buffers = running_statistics(unwrap(runner.model))
        means = [each for name, each in buffers.items() if name.endswith(_STATISTICS)]
        all_reduce_params(means, op='mean')


def _unreadable(path: Path) -> Optional[str]:
    """Reason why MMEngine cannot resume from a file; None if it can."""
    try:
        checkpoint = load_checkpoint_file(path, map_location='cpu')
    except (FileNotFoundError, RuntimeError) as error:
        return str(error)
    missing = {'meta', 'message_hub', 'state_dict'}.difference(checkpoint)
    return f'it has no {sorted(missing)}' if missing else None


def _is_remote(path: Any) -> bool:
    return path is not None and '://' in str(path)
