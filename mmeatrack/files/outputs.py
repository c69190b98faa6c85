"""Output files of the tools: inputs and files of other origin are never overwritten.

Each output folder has a ledger, a hidden JSON file with the name, the tool and the SHA-256 of every
file that a tool wrote there. A file that differs from its entry is no longer the tool's.
"""

import hashlib
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from mmeatrack.files.atomic import write_atomically

LEDGER_NAME = '.mmeatrack_outputs.json'
MAX_NAMED = 3  # files named in an error

PathLike = Union[str, Path]
_Entry = Tuple[str, Optional[str]]  # tool, digest; no digest while the file is being written


@contextmanager
def claimed_outputs(
    outputs: Iterable[PathLike],
    inputs: Iterable[PathLike] = (),
    *,
    tool: str,
    overwrite: bool = False,
) -> Iterator[None]:
    """Check that files may be written, and record on exit that ``tool`` wrote them.

    Files that the same tool wrote earlier may be replaced, also those of an interrupted run. The
    ledger is written on entry too, so a killed run leaves files that the next one may replace.

    Args:
        outputs: Every file that the block may write.
        inputs: Files and folders that the tool reads; a folder stands for all files in it.
        tool: The tool's name, such as ``'evaluate.py'``.
        overwrite: Whether to replace files of other origin. Inputs are refused all the same.

    Raises:
        FileExistsError: If an output is an input, a folder, or a file that the tool did not write.

    Example:
        >>> folder = getfixture('tmp_path')
        >>> with claimed_outputs([folder / 'report.md'], tool='evaluate.py'):
        ...     write_atomically(folder / 'report.md', 'first')
        >>> with claimed_outputs([folder / 'report.md'], tool='evaluate.py'):
        ...     write_atomically(folder / 'report.md', 'second')
    """
    paths = [Path(output) for output in outputs]
    check_outputs(paths, inputs, tool=tool, overwrite=overwrite)
    claims = [_Claim(folder, names, tool) for folder, names in _by_folder(paths).items()]
    try:
        yield
    finally:
        for claim in claims:
            claim.settle()


def check_outputs(
    outputs: Iterable[PathLike],
    inputs: Iterable[PathLike] = (),
    *,
    tool: str,
    overwrite: bool = False,
) -> None:
    """Check that files may be written; arguments and errors are as of :func:`claimed_outputs`."""
    sources = [Path(source) for source in inputs]
    foreign: List[str] = []
    for path in map(Path, outputs):
        if path.is_dir():
            raise FileExistsError(f'{path} is a folder and cannot be replaced by a file')
        if not path.exists() or _is_own(path, tool):
            _refuse_input(path, [source for source in sources if source.is_file()])
            continue
        _refuse_input(path, sources)
        foreign.append(str(path))
    if foreign and not overwrite:
        more = f' and {len(foreign) - MAX_NAMED} more' if len(foreign) > MAX_NAMED else ''
        raise FileExistsError(
            f'{", ".join(foreign[:MAX_NAMED])}{more}: there already, and not written by {tool} '
            'or changed since; give another --out, or --overwrite to replace'
        )


def _refuse_input(path: Path, sources: Iterable[Path]) -> None:
    """Raise FileExistsError if an existing output is one of the inputs, or lies within one."""
    if not path.exists():
        return
    for source in sources:
        if source.is_file() and os.path.samefile(path, source):
            raise FileExistsError(
                f'{path} is an input and would be overwritten; give another --out'
            )
        if source.is_dir() and source.resolve() in path.resolve().parents:
            raise FileExistsError(
                f'{path} lies in the input folder {source} and would be overwritten; '
                'give another --out'
            )


def _is_own(path: Path, tool: str) -> bool:
    """True if a tool wrote the file and nobody has changed it since."""
    entry = _read_ledger(path.parent).get(path.name)
    if entry is None or entry[0] != tool:
        return False
    return entry[1] is None or entry[1] == _digest(path)


class _Claim:
    """The outputs of one folder while a tool writes them, marked in the ledger without a digest."""

    def __init__(self, folder: Path, names: Sequence[str], tool: str) -> None:
        self.folder, self.tool = folder, tool
        self.is_new = not folder.exists()
        self.entries = {name: _read_ledger(folder).get(name) for name in names}
        self.stamps = {name: _stamp(folder / name) for name in names}
        free = [name for name in names if not (folder / name).exists() or self._is_own(name)]
        _update_ledger(folder, dict.fromkeys(free, (tool, None)))

    def _is_own(self, name: str) -> bool:
        return _is_own(self.folder / name, self.tool)

    def settle(self) -> None:
        """Record the digests of the files that were written; the others keep their entries."""
        for name, stamp in self.stamps.items():
            path = self.folder / name
            if not path.is_file():
                self.entries[name] = None
            elif _stamp(path) != stamp:
                self.entries[name] = (self.tool, _digest(path))
        _update_ledger(self.folder, self.entries)
        if self.is_new and not any(self.folder.iterdir()):
            self.folder.rmdir()


def _by_folder(paths: Iterable[Path]) -> Dict[Path, List[str]]:
    folders: Dict[Path, List[str]] = {}
    for path in paths:
        folders.setdefault(path.parent, []).append(path.name)
    return folders


def _stamp(path: Path) -> Optional[Tuple[int, int, int]]:
    """Inode, size and time of a file, which change when it is written; None without a file."""
    if not path.exists():
        return None
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()


def _read_ledger(folder: Path) -> Dict[str, _Entry]:
    """The ledger of a folder; empty where there is none or it is damaged."""
    try:
        found = json.loads((folder / LEDGER_NAME).read_text(encoding='utf-8'))
        return {name: (str(entry[0]), entry[1]) for name, entry in found.items()}
    except (FileNotFoundError, NotADirectoryError, ValueError, AttributeError, LookupError):
        return {}


def _update_ledger(folder: Path, entries: Mapping[str, Optional[_Entry]]) -> None:
    """Set entries, or remove those that are None; an empty ledger is removed."""
    ledger: Dict[str, Optional[_Entry]] = {**_read_ledger(folder), **entries}
    kept = {name: entry for name, entry in ledger.items() if entry is not None}
    if kept:
        write_atomically(folder / LEDGER_NAME, json.dumps(kept, indent=1))
    else:
        (folder / LEDGER_NAME).unlink(missing_ok=True)
