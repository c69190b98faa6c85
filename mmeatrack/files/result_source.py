"""Raw result files of trackers, in a folder or in a zip archive.

Archives are read in memory: nothing is unpacked to disk.
"""

import os
import zipfile
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Callable, Collection, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from mmeatrack.files.benchmarks import plain_name
from mmeatrack.files.result_groups import (
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
        source: Location of the files, for messages.
        files: Functions, by sequence, that read its file.
        paths: Location of each sequence's file, for messages.
        warnings: Sentences about files that match no sequence.
    """

    name: str
    source: str
    files: Mapping[str, ReadFile]
    paths: Mapping[str, str] = {}
    warnings: Tuple[str, ...] = ()

    def path_of(self, sequence: str) -> str:
        """Location of a sequence's file, or the expected one."""
        return self.paths.get(sequence, f'{self.source}/{sequence}.txt')


def open_results(
    argument: str,
    sequences: Collection[str],
    benchmarks: Collection[str] = (),
    on_note: Callable[[str], None] = lambda text: None,
) -> List[TrackerFiles]:
    """Find the result files that an argument of the command line names.

    Folders and archives follow one rule: a folder of result files, at any depth, is a tracker, and
    has the name that distinguishes it from the others. Files may be called ``<seq>.txt`` or as the
    toolkits call them (see :class:`mmeatrack.files.result_names.SequenceNames` and
    :func:`mmeatrack.files.result_groups.group_results`), and may be MATLAB files.

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
    readers = _find_readers(path)
    root = path.resolve()
    own_name = root.stem if path.is_file() else root.name
    found = group_results(readers, sequences, own_name)
    plain_benchmarks = [plain_name(each) for each in benchmarks]
    groups = select_groups(found, plain_benchmarks, lambda text: on_note(f'{path}: {text}'))
    if not groups:
        there = f'; there are {listed(sorted(readers))}' if readers else ''
        raise FileNotFoundError(
            f'{path} holds no result of the {len(sequences)} sequences; expected files '
            f'{min(sequences)}.txt and so on, with x,y,w,h a line{there}'
        )
    names = name_groups([group.place for group in groups], [*root.parent.parts, own_name])
    if name:
        groups, names = [groups[_named_group(name, groups, names, path)]], [name]
    return [_tracker(path, group, each, readers, sequences) for group, each in zip(groups, names)]


def split_argument(argument: str) -> Tuple[str, Path]:
    """Name (empty if absent) and path of ``NAME=PATH`` or of ``PATH``, which may itself hold =."""
    name, separator, location = argument.partition('=')
    if not separator or Path(argument).exists():
        return '', Path(argument)
    return name, Path(location)


def _named_group(name: str, groups: Sequence[ResultGroup], names: Sequence[str], path: Path) -> int:
    if len(groups) == 1:
        return 0
    for matches in (
        [i for i, each in enumerate(names) if each == name],
        [i for i, group in enumerate(groups) if name in group.place.parts],
        [i for i, each in enumerate(names) if plain_name(each) == plain_name(name)],
    ):
        if len(matches) == 1:
            return matches[0]
    raise ValueError(
        f'{path} holds the results of {sorted(names)}, and none is {name!r}; '
        'name one of them, or give the path without a name for all'
    )


def _tracker(
    path: Path,
    group: ResultGroup,
    name: str,
    readers: Mapping[PurePosixPath, List[ReadFile]],
    sequences: Collection[str],
) -> TrackerFiles:
    files: Dict[str, ReadFile] = {}
    paths: Dict[str, str] = {}
    for sequence, found in group.files.items():
        paths[sequence] = ' and '.join(f'{path}/{each}' for each in found)
        candidates = [read for each in found for read in readers[each]]
        files[sequence] = partial(_read_agreed, candidates, paths[sequence], sequence)
    warning = (
        f'not read, because they match no sequence: {listed(group.unmatched)}; '
        f'expected names such as {min(sequences)}.txt'
    )
    warnings = (warning,) if group.unmatched else ()
    return TrackerFiles(name, '/'.join([str(path), *group.folder.parts]), files, paths, warnings)


def _read_agreed(candidates: Sequence[ReadFile], source: str, sequence: str) -> bytes:
    """Read a sequence's file; ValueError if it cannot be read, or there are several that differ."""
    try:
        contents = {candidate() for candidate in candidates}
    except Exception as error:  # each decompressor has errors of its own
        raise ValueError(f'{source} cannot be read: {error}') from error
    if len(contents) > 1:
        raise ValueError(f'{source}: {len(candidates)} different files match {sequence}; keep one')
    return contents.pop()


def _find_readers(root: Path) -> Dict[PurePosixPath, List[ReadFile]]:
    """Functions that read the result files of a folder or archive; hidden ones are passed over."""
    found: List[Tuple[str, ReadFile]] = []
    if root.is_dir():
        for path in _walk(root, MAX_DEPTH, frozenset()):
            found.append(('/'.join(path.relative_to(root).parts), path.read_bytes))
    elif root.is_file():
        try:
            archive = zipfile.ZipFile(root)  # stays open for the readers
        except zipfile.BadZipFile as error:
            raise ValueError(
                f'{root} is not a zip archive, or is damaged ({error}); give a folder or a zip '
                'archive of results'
            ) from error
        for member in archive.infolist():
            if not member.is_dir():
                found.append((member.filename, partial(_read_member, archive, member)))
    else:
        raise FileNotFoundError(f'{root}: no such folder or zip archive of results')
    readers: Dict[PurePosixPath, List[ReadFile]] = {}
    for name, read in found:
        # An archive made on Windows and unpacked elsewhere has backslashes within names.
        parts = [part for part in name.replace('\\', '/').split('/') if part not in ('', '.', '..')]
        is_hidden = any(part.startswith('.') or part == '__MACOSX' for part in parts)
        if parts and parts[-1].lower().endswith(RESULT_SUFFIXES) and not is_hidden:
            readers.setdefault(PurePosixPath(*parts), []).append(read)
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


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > MAX_FILE_BYTES:
        raise ValueError(f'{member.file_size} bytes are too many for a list of boxes')
    return archive.read(member)
