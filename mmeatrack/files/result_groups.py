"""Groups of raw result files, one for each tracker, by the layout of a tree of folders.

A tree, be it a folder or an archive, is a collection of paths: tuples of folder names and the
file's name, relative to its root.
"""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Callable, Collection, Dict, List, Sequence, Tuple

from mmeatrack.files.benchmarks import BENCHMARK_FOLDERS, plain_name
from mmeatrack.files.result_names import Assignment, SequenceNames

Parts = Tuple[str, ...]


@dataclass
class ResultGroup:
    """The result files of one tracker.

    Attributes:
        folder: The folder that they lie in.
        tracker: The tracker by the files' names (``<seq>_<tracker>``); empty where they do not say.
        files: Files by sequence; more than one where that is ambiguous.
        unmatched: Files that fit no sequence.
    """

    folder: Parts
    tracker: str
    files: Dict[str, List[Parts]]
    unmatched: List[Parts] = field(default_factory=list)

    @property
    def place(self) -> Parts:
        """The folder and, where the files say it, the tracker."""
        return (*self.folder, self.tracker) if self.tracker else self.folder


def group_results(
    paths: Collection[Parts], sequences: Collection[str], root_name: str = ''
) -> List[ResultGroup]:
    """Group the result files of a tree by folder, and by tracker where the names of files say it.

    Equal file names of different folders are never of one group. GOT-10k's folders of sequences
    (``<tracker>/<seq>/<seq>_001.txt``) count as files of the tracker. Files may also bear the name
    of the tree itself, ``root_name``.

    Returns:
        Groups of at least one result, and groups of unmatched files only.
    """
    names = SequenceNames(sequences)
    groups: List[ResultGroup] = []
    for folder, by_name in sorted(_by_folder(paths, names).items()):
        labels = [part for part in (root_name, *folder) if part]
        assignment = names.assign(by_name, labels)
        by_tracker = {} if assignment.by_sequence else names.assign_by_tracker(by_name)
        if by_tracker:
            groups += [
                _group(folder, tracker, each, by_name) for tracker, each in by_tracker.items()
            ]
        else:
            groups.append(_group(folder, '', assignment, by_name))
    return groups


def select_groups(
    groups: Sequence[ResultGroup],
    benchmarks: Collection[str] = (),
    on_note: Callable[[str], None] = lambda text: None,
) -> List[ResultGroup]:
    """Drop groups without results, those within another one, and those of other benchmarks.

    Args:
        groups: The groups of a tree.
        benchmarks: Names of the benchmark, see :func:`mmeatrack.files.benchmarks.plain_name`.
        on_note: Called with a sentence for each group that is dropped.
    """
    found = [group for group in groups if group.files]
    for group in groups:
        if group.unmatched and not group.files:
            names = listed([path[-1:] for path in group.unmatched])
            on_note(f'{_text(group.folder)}: no result of a sequence in {names}')
    if benchmarks:
        named = [{plain_name(p) for p in each.place if _names_benchmark(p)} for each in found]
        own = [group for group, names in zip(found, named) if not names - set(benchmarks)]
        for group in found:
            if own and group not in own:
                on_note(f'{_text(group.place)}: results of another benchmark are not read')
        found = own or found
    kept = []
    for group in found:
        above = [group.folder[:depth] for depth in range(len(group.folder))]
        outer = [each for each in found if each.folder in above]
        if outer:
            on_note(
                f'{_text(group.folder)}: not read, because it lies within the results of '
                f'{_text(outer[0].folder)}'
            )
        else:
            kept.append(group)
    return kept


def name_groups(places: Sequence[Parts], root: Sequence[str]) -> List[str]:
    """Name trackers after the places of their groups, as shortly as keeps them all apart.

    Folders that name a benchmark are passed over: ``Good/UAV123`` is the tracker Good. ``root`` are
    the folder names that lead to the tree, its own one last.
    """
    plain = [[part for part in place if not _names_benchmark(part)] for place in places]
    while len(places) > 1 and all(len(each) > 1 for each in plain):
        if len({each[-1] for each in plain}) > 1:
            break
        plain = [each[:-1] for each in plain]  # results/KCF/OPE, results/BACF/OPE
    own = [part for part in root if not _names_benchmark(part)] or list(root) or ['tracker']
    names = [each[-1] if each else own[-1] for each in plain]
    return [
        name if names.count(name) == 1 else '/'.join(place) or own[-1]
        for name, place in zip(names, places)
    ]


def _by_folder(
    paths: Collection[Parts], names: SequenceNames
) -> Dict[Parts, Dict[str, List[Parts]]]:
    """Paths by folder and by name without suffix; GOT-10k's folders count as files."""
    folders: Dict[Parts, Dict[str, List[Parts]]] = {}
    for path in sorted(paths):
        name = PurePosixPath(path[-1]).stem
        folders.setdefault(path[:-1], {}).setdefault(name, []).append(path)
    for folder in sorted(folders, reverse=True):
        if not folder or names.find(folder[-1]) is None:
            continue
        runs = sorted(
            name
            for name in folders[folder]
            if re.fullmatch(re.escape(folder[-1]) + r'(_\d{3})?', name, re.IGNORECASE)
        )
        if runs:
            inner = folders.pop(folder)
            outer = folders.setdefault(folder[:-1], {})
            for name, files in inner.items():
                key = folder[-1] if name == runs[0] else name
                outer.setdefault(key, []).extend(files)
    return folders


def _group(
    folder: Parts, tracker: str, assignment: Assignment, by_name: Dict[str, List[Parts]]
) -> ResultGroup:
    return ResultGroup(
        folder,
        tracker,
        {
            sequence: [path for name in found for path in by_name[name]]
            for sequence, found in assignment.by_sequence.items()
        },
        [path for name in assignment.unmatched for path in by_name[name]],
    )


def _names_benchmark(part: str) -> bool:
    return plain_name(part) in BENCHMARK_FOLDERS


def _text(place: Parts) -> str:
    return '/'.join(place) or 'top folder'


def listed(paths: Sequence[Parts], most: int = 5) -> str:
    """Some of the paths, for a message."""
    more = f' and {len(paths) - most} more' if len(paths) > most else ''
    return ', '.join('/'.join(path) for path in paths[:most]) + more
