"""Raw result files of trackers, in a folder or in a zip archive.

Archives are read in memory: nothing is unpacked to disk.
"""

import os
import zipfile
import zlib
from pathlib import Path
from typing import Callable, Collection, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from mmeatrack.files.benchmarks import plain_name
from mmeatrack.files.result_groups import (
    Parts,
    ResultGroup,
    group_results,
    listed,
    name_groups,
    select_groups,
)

RESULT_SUFFIXES = ('.txt', '.mat')
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 8  # folders below the one that is given

ReadFile = Callable[[], bytes]


class TrackerFiles(NamedTuple):
    """The raw result files of one tracker.

    Attributes:
        name: The tracker's name.
        source: Where the files are, for messages.
        files: A function that reads the file of a sequence, by the sequence's name.
        paths: Where the file of a sequence is, for messages, by the sequence's name.
        warnings: Sentences about files that fit no sequence.
    """

    name: str
    source: str
    files: Mapping[str, ReadFile]
    paths: Mapping[str, str] = {}
    warnings: Tuple[str, ...] = ()

    def path_of(self, sequence: str) -> str:
        """Place of a sequence's file, or the expected place."""
        return self.paths.get(sequence, f'{self.source}/{sequence}.txt')


def open_results(
    argument: str,
    sequences: Collection[str],
    benchmarks: Collection[str] = (),
    on_note: Callable[[str], None] = lambda text: None,
) -> List[TrackerFiles]:
    """Find the result files that an argument of the command line names.

    Folders and archives follow one rule: a folder of result files, at any depth, is a tracker, and
    bears the name that tells it from the others. Files may be called ``<seq>.txt`` or as the
    toolkits call them (see :class:`mmeatrack.files.result_names.SequenceNames` and
    :func:`mmeatrack.files.result_groups.group_results`), and be MATLAB's.

    Args:
        argument: ``NAME=PATH`` for one tracker or ``PATH`` for all that are there.
        sequences: Names of the benchmark's sequences. Folders without any of them are passed over.
        benchmarks: Names that the benchmark may have; folders that name others are passed over.
        on_note: Called with a sentence for each folder that is passed over.

    Raises:
        FileNotFoundError: If the path does not exist or holds no result of a sequence.
        ValueError: If the archive is damaged, or holds several trackers none of which is NAME.
    """
    name, path = split_argument(argument)
    if path.is_dir():
        readers = _folder_readers(path)
    elif path.is_file():
        readers = _zip_readers(path)
    else:
        raise FileNotFoundError(f'{path}: no such folder or zip archive of results')
    root = path.resolve()
    own_name = root.stem if path.is_file() else root.name
    found = group_results(readers, sequences, own_name)
    groups = select_groups(
        found, [plain_name(each) for each in benchmarks], lambda text: on_note(f'{path}: {text}')
    )
    if not groups:
        raise FileNotFoundError(_nothing_found(path, readers, sequences))
    names = name_groups([group.place for group in groups], [*root.parent.parts, own_name])
    if name:
        groups, names = [groups[_named_group(name, groups, names, path)]], [name]
    return [_tracker(path, group, each, readers, sequences) for group, each in zip(groups, names)]


def split_argument(argument: str) -> Tuple[str, Path]:
    """Name (empty for none) and path of ``NAME=PATH`` or ``PATH``, which may hold = itself."""
    name, separator, location = argument.partition('=')
    if not separator or Path(argument).exists():
        return '', Path(argument)
    return name, Path(location)


def _named_group(name: str, groups: Sequence[ResultGroup], names: Sequence[str], path: Path) -> int:
    if len(groups) == 1:
        return 0
    for fits in (
        [i for i, each in enumerate(names) if each == name],
        [i for i, group in enumerate(groups) if name in group.place],
        [i for i, each in enumerate(names) if plain_name(each) == plain_name(name)],
    ):
        if len(fits) == 1:
            return fits[0]
    raise ValueError(
        f'{path} holds the results of {sorted(names)}, and none is {name!r}; '
        'name one of them, or give the path without a name for all'
    )


def _tracker(
    path: Path,
    group: ResultGroup,
    name: str,
    readers: Mapping[Parts, List[ReadFile]],
    sequences: Collection[str],
) -> TrackerFiles:
    files: Dict[str, ReadFile] = {}
    paths: Dict[str, str] = {}
    for sequence, found in group.files.items():
        paths[sequence] = ' and '.join('/'.join([str(path), *parts]) for parts in found)
        candidates = [read for parts in found for read in readers[parts]]
        files[sequence] = _agreed_reader(candidates, paths[sequence], sequence)
    warnings: Tuple[str, ...] = ()
    if group.unmatched:
        warnings = (
            f'not read, because they fit no sequence: {listed(group.unmatched)}; '
            f'expected names such as {min(sequences)}.txt',
        )
    source = '/'.join([str(path), *group.folder])
    return TrackerFiles(name, source, files, paths, warnings)


def _agreed_reader(candidates: Sequence[ReadFile], source: str, sequence: str) -> ReadFile:
    """The only reader, or one that raises ValueError if several files differ."""
    if len(candidates) == 1:
        return candidates[0]

    def read() -> bytes:
        contents = {candidate() for candidate in candidates}
        if len(contents) > 1:
            raise ValueError(
                f'{source}: {len(candidates)} different files fit {sequence}; keep one'
            )
        return contents.pop()

    return read


def _folder_readers(root: Path) -> Dict[Parts, List[ReadFile]]:
    readers: Dict[Parts, List[ReadFile]] = {}
    for path in _walk(root, MAX_DEPTH, frozenset()):
        # Unpacking an archive of Windows elsewhere leaves backslashes within names.
        parts = _usable_parts('/'.join(path.relative_to(root).parts))
        if parts:
            readers.setdefault(parts, []).append(path.read_bytes)
    return readers


def _walk(folder: Path, depth: int, above: frozenset) -> Iterator[Path]:
    """Files of a folder and those below it; a link to a folder above is not followed."""
    real = os.path.realpath(folder)
    if real in above:
        return
    for entry in sorted(folder.iterdir()):
        if entry.is_file():
            yield entry
        elif depth > 0 and entry.is_dir() and os.access(entry, os.R_OK | os.X_OK):
            yield from _walk(entry, depth - 1, above | {real})


def _zip_readers(path: Path) -> Dict[Parts, List[ReadFile]]:
    if not zipfile.is_zipfile(path):
        raise ValueError(f'{path} is no zip archive; give a folder or a zip archive of results')
    readers: Dict[Parts, List[ReadFile]] = {}
    archive = zipfile.ZipFile(path)  # stays open for the readers
    for member in archive.infolist():
        parts = () if member.is_dir() else _usable_parts(member.filename)
        if parts:
            readers.setdefault(parts, []).append(_member_reader(archive, member))
    return readers


def _usable_parts(name: str) -> Parts:
    """A path in parts; empty if it is no result file, hidden, or what macOS adds."""
    parts = [part for part in name.replace('\\', '/').split('/') if part not in ('', '.', '..')]
    if not parts or not parts[-1].lower().endswith(RESULT_SUFFIXES):
        return ()
    if any(part.startswith('.') or part == '__MACOSX' for part in parts):
        return ()
    return tuple(parts)


def _member_reader(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> ReadFile:

    def read() -> bytes:
        source = f'{archive.filename}/{member.filename}'
        if member.file_size > MAX_FILE_BYTES:
            raise ValueError(f'{source} has {member.file_size} bytes, which is no list of boxes')
        try:
            return archive.read(member)
        except (zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # damaged, or encrypted
            raise ValueError(f'{source} cannot be read: {error}') from error

    return read


def _nothing_found(path: Path, readers: Collection[Parts], sequences: Collection[str]) -> str:
    there = f'; there are {listed(sorted(readers))}' if readers else ''
    return (
        f'{path} holds no result of the {len(sequences)} sequences; expected files '
        f'{min(sequences)}.txt and so on, with x,y,w,h a line{there}'
    )
