"""Raw result files of trackers, in a folder or in a zip archive.

Archives are read in memory: nothing is unpacked to disk.
"""

import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Callable, Collection, Dict, List, Mapping, NamedTuple

# What a test run writes beside its boxes.
SIDE_FILES = ('_score', '_time', '_network_time', '_lost')
MAX_FILE_BYTES = 64 * 1024 * 1024

ReadFile = Callable[[], bytes]


class TrackerFiles(NamedTuple):
    """The raw result files of one tracker.

    Attributes:
        name: The tracker's name.
        source: Where the files are, for messages.
        files: A function that reads the file of a sequence, by the sequence's name.
    """

    name: str
    source: str
    files: Mapping[str, ReadFile]


def open_results(argument: str, sequences: Collection[str]) -> List[TrackerFiles]:
    """Find the result files that an argument of the command line names.

    Args:
        argument: ``NAME=PATH`` for one tracker or ``PATH`` for all that are there. The path is a
            folder or a zip archive with ``<seq>.txt``, or with ``<tracker>/<seq>.txt``.
        sequences: Names of the benchmark's sequences. Folders without any of them are passed over.

    Returns:
        The trackers found.

    Raises:
        FileNotFoundError: If the path does not exist or holds no result of a sequence.
        ValueError: If the archive is damaged, or holds several trackers none of which is NAME.
    """
    name, separator, location = argument.partition('=')
    if not separator or Path(argument).exists():
        name, location = '', argument
    path = Path(location)
    if path.is_dir():
        found = _folder_groups(path)
    elif path.is_file():
        found = _zip_groups(path)
    else:
        raise FileNotFoundError(f'{path}: no such folder or zip archive of results')
    groups = {folder: files for folder, files in found.items() if set(files) & set(sequences)}
    if not groups:
        raise FileNotFoundError(
            f'{path} holds no result of the {len(sequences)} sequences; expected files '
            f'{sorted(sequences)[0]}.txt and so on, with x,y,w,h a line'
        )
    if '' in groups:  # the path is the folder of one tracker
        groups = {'': groups['']}
    if not name:
        own_name = path.stem if path.is_file() else path.resolve().name
        return [_tracker(path, folder, folder or own_name, groups) for folder in groups]
    if name not in groups and len(groups) > 1:
        raise ValueError(
            f'{path} holds the results of {sorted(groups)}, and none is {name!r}; '
            'name one of them, or give the path without a name for all'
        )
    return [_tracker(path, name if name in groups else next(iter(groups)), name, groups)]


def _tracker(
    path: Path, folder: str, name: str, groups: Mapping[str, Mapping[str, ReadFile]]
) -> TrackerFiles:
    """The files of one folder under a tracker's name."""
    return TrackerFiles(name, f'{path}/{folder}'.rstrip('/'), groups[folder])


def _folder_groups(root: Path) -> Dict[str, Dict[str, ReadFile]]:
    """Readers by tracker folder ('' for the folder itself) and sequence."""
    groups: Dict[str, Dict[str, ReadFile]] = {'': {}}
    for path in sorted(root.glob('*.txt')):
        groups[''][path.stem] = path.read_bytes
    for folder in sorted(entry for entry in root.iterdir() if entry.is_dir()):
        groups[folder.name] = {path.stem: path.read_bytes for path in sorted(folder.glob('*.txt'))}
    return {folder: _without_side_files(files) for folder, files in groups.items()}


def _zip_groups(path: Path) -> Dict[str, Dict[str, ReadFile]]:
    """The same of an archive; a folder is the last one in a member's path."""
    if not zipfile.is_zipfile(path):
        raise ValueError(f'{path} is no zip archive; give a folder or a zip archive of results')
    groups: Dict[str, Dict[str, ReadFile]] = {}
    archive = zipfile.ZipFile(path)  # stays open for the readers
    for member in archive.infolist():
        inner = PurePosixPath(member.filename)
        if inner.suffix != '.txt' or inner.name.startswith('.') or '__MACOSX' in inner.parts:
            continue
        folder = inner.parent.name
        groups.setdefault(folder, {})[inner.stem] = _member_reader(archive, member)
    return {folder: _without_side_files(files) for folder, files in groups.items()}


def _member_reader(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> ReadFile:
    """A function that reads one member of an archive."""

    def read() -> bytes:
        source = f'{archive.filename}/{member.filename}'
        if member.file_size > MAX_FILE_BYTES:
            raise ValueError(f'{source} has {member.file_size} bytes, which is no list of boxes')
        try:
            return archive.read(member)
        except (zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # damaged, or encrypted
            raise ValueError(f'{source} cannot be read: {error}') from error

    return read


def _without_side_files(files: Dict[str, ReadFile]) -> Dict[str, ReadFile]:
    """Drop files that belong to a box file: ``car_score`` beside ``car``."""
    side_files = {name + suffix for name in files for suffix in SIDE_FILES}
    return {name: read for name, read in files.items() if name not in side_files}
