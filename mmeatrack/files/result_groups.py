"""Groups of raw result files, one for each tracker, by the layout of a tree of folders.

A tree, be it a folder or an archive, is a collection of paths relative to its root.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Callable, Collection, Dict, List, Sequence

from mmeatrack.files.benchmarks import BENCHMARK_FOLDERS, plain_name
from mmeatrack.files.result_names import SequenceNames, without_side_files


@dataclass
class ResultGroup:
    """The result files of one tracker.

    Attributes:
        folder: The folder that contains them.
        tracker: Tracker given by the file names (``<seq>_<tracker>``); empty if they give none.
        files: Files by sequence; more than one where that is ambiguous.
        unmatched: Files that match no sequence, or are less plainly named than those of ``files``.
    """

    folder: PurePosixPath
    tracker: str
    files: Dict[str, List[PurePosixPath]]
    unmatched: List[PurePosixPath]

    @property
    def place(self) -> PurePosixPath:
        """The folder, and the tracker if the file names give one."""
        return self.folder / self.tracker


def group_results(
    paths: Collection[PurePosixPath], sequences: Collection[str], root_name: str = ''
) -> List[ResultGroup]:
    """Group the result files of a tree by folder, and by tracker if the file names give one.

    Equal file names in different folders never share a group. GOT-10k's folders of sequences
    (``<tracker>/<seq>/<seq>_001.txt``) count as files of the tracker. Files may also be named after
    the tree itself, ``root_name``.

    Returns:
        Groups of at least one result, and groups of unmatched files only.
    """
    names = SequenceNames(sequences)
    groups: List[ResultGroup] = []
    for folder, files in sorted(_files_by_folder(paths, names).items()):
        files = without_side_files(files)
        assigned = names.assign(files, [part for part in (root_name, *folder.parts) if part])
        by_tracker = {} if assigned else names.assign_by_tracker(files)
        for tracker, by_sequence in (by_tracker or {'': assigned}).items():
            matched = {name for found in by_sequence.values() for name in found}
            by_path = {
                sequence: [path for name in found for path in files[name]]
                for sequence, found in by_sequence.items()
            }
            rest = [] if tracker else [name for name in files if name not in matched]
            unmatched = [path for name in rest for path in files[name]]
            groups.append(ResultGroup(folder, tracker, by_path, unmatched))
    return groups


def select_groups(
    groups: Sequence[ResultGroup], benchmarks: Collection[str], on_note: Callable[[str], None]
) -> List[ResultGroup]:
    """Drop groups without results, those within another one, and those of other benchmarks.

    ``benchmarks`` are the plain names of the benchmark; ``on_note`` is called with a sentence for
    each group that is dropped.
    """
    found = [group for group in groups if group.files]
    for group in groups:
        if group.unmatched and not group.files:
            names = listed([PurePosixPath(path.name) for path in group.unmatched])
            on_note(f'{_text(group.folder)}: no result of a sequence in {names}')
    if benchmarks:
        named = [{plain_name(p) for p in each.place.parts if _is_benchmark(p)} for each in found]
        own = [group for group, names in zip(found, named) if not names - set(benchmarks)]
        for group in found:
            if own and group not in own:
                on_note(f'{_text(group.place)}: results of another benchmark are not read')
        found = own or found
    kept = []
    for group in found:
        outer = [each for each in found if each.folder in group.folder.parents]
        if outer:
            on_note(
                f'{_text(group.folder)}: not read, because it lies within the results of '
                f'{_text(outer[0].folder)}'
            )
        else:
            kept.append(group)
    return kept


def name_groups(places: Sequence[PurePosixPath], root: Sequence[str]) -> List[str]:
    """Name trackers after the places of their groups, as briefly as distinguishes them.

    Folders that name a benchmark are passed over: ``Good/UAV123`` is the tracker Good. ``root`` are
    the folder names on the way to the tree, ending with the tree itself.
    """
    plain = [[part for part in place.parts if not _is_benchmark(part)] for place in places]
    while len(plain) > 1 and all(each[1:] for each in plain) and len({p[-1] for p in plain}) == 1:
        plain = [each[:-1] for each in plain]  # results/KCF/OPE, results/BACF/OPE
    own = [part for part in root if not _is_benchmark(part)] or list(root) or ['tracker']
    names = [each[-1] if each else own[-1] for each in plain]
    return [
        name if names.count(name) == 1 else '/'.join(place.parts) or own[-1]
        for name, place in zip(names, places)
    ]


def listed(paths: Sequence[PurePosixPath]) -> str:
    """The first paths, for a message."""
    more = f' and {len(paths) - 5} more' if len(paths) > 5 else ''
    return ', '.join(map(str, paths[:5])) + more


def _files_by_folder(
    paths: Collection[PurePosixPath], names: SequenceNames
) -> Dict[PurePosixPath, Dict[str, List[PurePosixPath]]]:
    """Paths by folder and by name without suffix; GOT-10k's folders count as files."""
    folders: Dict[PurePosixPath, Dict[str, List[PurePosixPath]]] = {}
    for path in sorted(paths):
        folders.setdefault(path.parent, {}).setdefault(path.stem, []).append(path)
    for folder in sorted(folders, reverse=True):
        if names.find(folder.name) is None:
            continue
        run = re.compile(re.escape(folder.name) + r'(_\d{3})?', re.IGNORECASE)
        runs = sorted(filter(run.fullmatch, folders[folder]))
        if runs:
            inner = folders.pop(folder)
            outer = folders.setdefault(folder.parent, {})
            for name, files in inner.items():
                key = folder.name if name == runs[0] else name
                outer.setdefault(key, []).extend(files)
    return folders


def _is_benchmark(part: str) -> bool:
    return plain_name(part) in BENCHMARK_FOLDERS


def _text(place: PurePosixPath) -> str:
    return '/'.join(place.parts) or 'top folder'
