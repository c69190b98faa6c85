"""Assignment of result files to sequences, by the names that toolkits give them."""

import re
from typing import Collection, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mmeatrack.files.benchmarks import BENCHMARK_FOLDERS, plain_name

# Files that trackers write beside their boxes: this package's, and those of pytracking's family.
SIDE_SUFFIXES = (
    *('_score', '_time', '_network_time', '_lost', '_scores', '_times', '_confidence'),
    *('_all_boxes', '_all_scores', '_object_presence_scores'),
)
_PREFIXES = BENCHMARK_FOLDERS | {'uav'}  # pytracking names UAV123's sequences uav_bird1_1
_SUFFIX = re.compile(r'_(gt|results?|bbox(es)?|boxes|rects?)$', re.IGNORECASE)


class Assignment(NamedTuple):
    """Names of files by what they are the results of.

    Attributes:
        by_sequence: Names that fit a sequence best; more than one where that is ambiguous.
        unmatched: Names that fit no sequence, or fit one worse than another name.
    """

    by_sequence: Dict[str, List[str]]
    unmatched: List[str]


class SequenceNames:
    """Sequences that are found by exact or loose names: in any case, with any of ``-_.``."""

    def __init__(self, sequences: Collection[str]) -> None:
        self._exact = frozenset(sequences)
        self._loose: Dict[str, List[str]] = {}
        for name in sequences:
            self._loose.setdefault(_loose(name), []).append(name)

    def find(self, name: str) -> Optional[str]:
        """Return the sequence of a name; None if there is none, or several fit."""
        if name in self._exact:
            return name
        found = self._loose.get(_loose(name), [])
        return found[0] if len(found) == 1 else None

    def assign(self, names: Collection[str], labels: Sequence[str] = ()) -> Assignment:
        """Assign file names without suffix to sequences.

        The name of a sequence may have a benchmark or a tracker before it (``uav_bird1_1``,
        ``KCF_bird1_1``), and ``_gt``, ``_bbox`` or a tracker behind it. The plainest name counts.

        Args:
            names: The names; those of side files, ``car_score`` beside ``car``, are dropped.
            labels: Names of the tracker.
        """
        ranked: Dict[str, List[Tuple[int, str]]] = {}
        unmatched: List[str] = []
        for name in without_side_files(names):
            found = self._find_ranked(name, labels)
            if found is None:
                unmatched.append(name)
            else:
                ranked.setdefault(found[1], []).append((found[0], name))
        by_sequence = {}
        for sequence, fits in ranked.items():
            best = min(fits)[0]
            by_sequence[sequence] = [name for rank, name in fits if rank == best]
            unmatched += [name for rank, name in fits if rank > best]
        return Assignment(by_sequence, unmatched)

    def assign_by_tracker(self, names: Collection[str]) -> Dict[str, Assignment]:
        """Assign names of MATLAB's toolkits, ``<seq>_<tracker>``; empty if none is of this form."""
        by_tracker: Dict[str, Dict[str, List[str]]] = {}
        for name in without_side_files(names):
            for head, tracker in _splits(name):  # the longest sequence first
                sequence = self.find(head)
                if sequence is not None:
                    by_tracker.setdefault(tracker, {}).setdefault(sequence, []).append(name)
                    break
        # car2_s_KCF is no result of car2 by a tracker s_KCF, if there is one of car2 by KCF.
        trackers = {
            tracker
            for tracker in by_tracker
            if not any(tracker.endswith(f'_{other}') for other in by_tracker)
            and not re.match(r'\d+(_|$)', tracker)
        }
        return {tracker: Assignment(by_tracker[tracker], []) for tracker in sorted(trackers)}

    def _find_ranked(self, name: str, labels: Sequence[str]) -> Optional[Tuple[int, str]]:
        """The sequence of a name, and how much had to be cut off: 0 for nothing."""
        if name in self._exact:
            return 0, name
        for rank, form in enumerate(_plainer_forms(name, labels), start=1):
            sequence = self.find(form)
            if sequence is not None:
                return rank, sequence
        return None


def without_side_files(names: Collection[str]) -> List[str]:
    """Drop the names of files that belong to a box file: ``car_score`` beside ``car``."""
    side_files = {(name + suffix).lower() for name in names for suffix in SIDE_SUFFIXES}
    return [name for name in names if name.lower() not in side_files]


def _plainer_forms(name: str, labels: Sequence[str]) -> Iterator[str]:
    """The name, then without suffix, without benchmark, without tracker, and without all."""
    yield name
    without_suffix = _SUFFIX.sub('', name)
    yield without_suffix
    for form in (name, without_suffix):
        for head, tail in _splits(form):
            if plain_name(head) in _PREFIXES:
                yield tail
    plain_labels = {plain_name(label) for label in labels}
    for form in (name, without_suffix):
        for head, tail in _splits(form):
            if plain_name(head) in plain_labels:
                yield tail
            if plain_name(tail) in plain_labels:
                yield head


def _splits(name: str) -> Iterator[Tuple[str, str]]:
    """The name cut in two at each underscore, the last one first."""
    for match in reversed(list(re.finditer('_', name))):
        if 0 < match.start() < len(name) - 1:
            yield name[: match.start()], name[match.end() :]


def _loose(name: str) -> str:
    return re.sub(r'[-_. ]+', '_', name.casefold())
