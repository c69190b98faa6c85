"""Output files of the tools, which never overwrite inputs or files of other origin.

Each output folder has a ledger, a hidden JSON file with the name, the tool and the SHA-256 of every
file that a tool wrote there. A file that differs from its entry is no longer the tool's.
"""

import hashlib
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Tuple, Union

from mmeatrack.files.atomic import write_atomically

LEDGER_NAME = '.mmeatrack_outputs.json'

Paths = Iterable[Union[str, Path]]
_Entry = Tuple[str, Optional[str]]  # tool, digest; no digest while the file is being written


@contextmanager
def claimed_outputs(
    outputs: Paths, inputs: Paths = (), *, tool: str, overwrite: bool = False
) -> Iterator[None]:
    """Check that files may be written, and record on exit that ``tool`` wrote them.

    Files that the same tool wrote earlier may be replaced. The ledger is written on entry too, so
    that the next run may also replace the files of a killed one.

    Args:
        outputs: Every file that the block may write.
        inputs: Files and folders that the tool reads; a folder stands for all files in it.
        tool: The tool's name, such as ``'evaluate.py'``.
        overwrite: Whether to replace files of other origin. Inputs are still refused.

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
    free = _free_outputs(paths, inputs, tool, overwrite)
    new_folders = {path.parent for path in paths if not path.parent.exists()}
    entries = {path: _read_ledger(path.parent).get(path.name) for path in paths}
    stamps = {path: _stamp(path) for path in paths}
    _update_ledgers(dict.fromkeys(free, (tool, None)))
    try:
        yield
    finally:
        for path, stamp in stamps.items():
            if not path.is_file():
                entries[path] = None
            elif _stamp(path) != stamp:
                entries[path] = (tool, _digest(path))
        _update_ledgers(entries)
        for folder in new_folders:
            if not any(folder.iterdir()):
                folder.rmdir()


def check_outputs(
    outputs: Paths, inputs: Paths = (), *, tool: str, overwrite: bool = False
) -> None:
    """Check that files may be written; arguments and errors are those of :func:`claimed_outputs`.

    A file that the tool wrote into one of its input folders earlier is not an input.
    """
    _free_outputs([Path(output) for output in outputs], inputs, tool, overwrite)


def _free_outputs(paths: List[Path], inputs: Paths, tool: str, overwrite: bool) -> List[Path]:
    """Return the outputs that are absent or the tool's own; errors are as above."""
    sources = [Path(source) for source in inputs]
    free: List[Path] = []
    foreign: List[str] = []
    for path in paths:
        if path.is_dir():
            raise FileExistsError(f'{path} is a folder and cannot be replaced by a file')
        if not path.exists():
            free.append(path)
            continue
        own = is_own(path, tool)
        for source in sources:
            if source.is_file() and os.path.samefile(path, source):
                raise FileExistsError(
                    f'{path} is an input and would be overwritten; give another --out'
                )
            if not own and source.resolve() in path.resolve().parents:
                raise FileExistsError(
                    f'{path} lies in the input folder {source} and would be overwritten; '
                    'give another --out'
                )
        if own:
            free.append(path)
        else:
            foreign.append(str(path))
    if foreign and not overwrite:
        more = f' and {len(foreign) - 3} more' if len(foreign) > 3 else ''
        raise FileExistsError(
            f'{", ".join(foreign[:3])}{more}: there already, and not written by {tool} or changed '
            'since; give another --out, or --overwrite to replace'
        )
    return free


def is_own(path: Path, tool: str) -> bool:
    """True if the tool wrote the file and nobody has changed it since."""
    owner, digest = _read_ledger(path.parent).get(path.name) or (None, None)
    return owner == tool and digest in (None, _digest(path))


def _stamp(path: Path) -> Optional[Tuple[int, int, int]]:
    """Inode, size and time of a file, which change when it is written; None without a file."""
    stat = path.stat() if path.exists() else None
    return stat and (stat.st_ino, stat.st_size, stat.st_mtime_ns)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()


def _read_ledger(folder: Path) -> Dict[str, _Entry]:
    """Read the ledger of a folder; empty if it is missing or damaged."""
    path = folder / LEDGER_NAME
    try:
        found = json.loads(path.read_text(encoding='utf-8')) if path.is_file() else {}
        return {name: (str(entry[0]), entry[1]) for name, entry in found.items()}
    except (AttributeError, LookupError, TypeError, ValueError):
        return {}


def _update_ledgers(entries: Mapping[Path, Optional[_Entry]]) -> None:
    """Set the entries of files, or remove those that are None; an empty ledger is removed."""
    for folder in {path.parent for path in entries}:
        ledger: Dict[str, Optional[_Entry]] = dict(_read_ledger(folder))
        ledger.update({p.name: entry for p, entry in entries.items() if p.parent == folder})
        kept = {name: entry for name, entry in ledger.items() if entry is not None}
        if kept:
            write_atomically(folder / LEDGER_NAME, json.dumps(kept, indent=1))
        else:
            (folder / LEDGER_NAME).unlink(missing_ok=True)
