"""Assignment of result files to sequences, by the names that toolkits give them."""

import re
from typing import Collection, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, TypeVar

from mmeatrack.files.benchmarks import BENCHMARK_FOLDERS, plain_name

# Files that trackers write next to their boxes: this package, and pytracking's family.
_SIDE_SUFFIXES = (
    *('_score', '_time', '_network_time', '_lost', '_scores', '_times', '_confidence'),
    *('_all_boxes', '_all_scores', '_object_presence_scores'),
)
_PREFIXES = BENCHMARK_FOLDERS | {'uav'}  # pytracking names UAV123's sequences uav_bird1_1
_SUFFIX = re.compile(r'_(gt|results?|bbox(es)?|boxes|rects?)$', re.IGNORECASE)

File = TypeVar('File')


class SequenceNames:
    """Names of sequences, which are found in any case and with any of ``-_.`` between words."""

    def __init__(self, sequences: Collection[str]) -> None:
        self._exact = frozenset(sequences)
        self._loose: Dict[str, List[str]] = {}
        for name in sequences:
            self._loose.setdefault(_loose(name), []).append(name)

    def find(self, name: str) -> Optional[str]:
        """Return the sequence of a name; None if there is none, or several match."""
        if name in self._exact:
            return name
        found = self._loose.get(_loose(name), [])
        return found[0] if len(found) == 1 else None

    def assign(self, names: Collection[str], labels: Sequence[str] = ()) -> Dict[str, List[str]]:
        """Assign file names without suffix to sequences.

        A benchmark or a tracker may precede the name of the sequence (``uav_bird1_1``,
        ``KCF_bird1_1``), and ``_gt``, ``_bbox`` or a tracker may follow it.

        Args:
            names: The file names.
            labels: Names that the tracker may have.

        Returns:
            The plainest file names of each sequence; more than one where that is ambiguous.
        """
        ranked: Dict[str, Dict[int, List[str]]] = {}
        for name in names:
            for rank, form in enumerate(_plainer_forms(name, labels), start=1):
                sequence = self.find(form)
                if sequence is not None:
                    rank = 0 if name == sequence else rank
                    ranked.setdefault(sequence, {}).setdefault(rank, []).append(name)
                    break
        return {sequence: by_rank[min(by_rank)] for sequence, by_rank in ranked.items()}

    def assign_by_tracker(self, names: Collection[str]) -> Dict[str, Dict[str, List[str]]]:
        """Assign names of MATLAB's toolkits, ``<seq>_<tracker>``, by tracker and sequence."""
        by_tracker: Dict[str, Dict[str, List[str]]] = {}
        for name in names:
            for head, tracker in _splits(name):  # the longest sequence first
                sequence = self.find(head)
                if sequence is not None:
                    by_tracker.setdefault(tracker, {}).setdefault(sequence, []).append(name)
                    break
        # car2_s_KCF is not a result of car2 by a tracker s_KCF if there is one of car2 by KCF.
        return {
            tracker: by_tracker[tracker]
            for tracker in sorted(by_tracker)
            if not any(tracker.endswith(f'_{other}') for other in by_tracker)
            and not re.match(r'\d+(_|$)', tracker)
        }


def without_side_files(files: Mapping[str, File]) -> Dict[str, File]:
    """Drop, by their names, files that belong to a box file: ``car_score`` next to ``car``."""
    side_files = {(name + suffix).lower() for name in files for suffix in _SIDE_SUFFIXES}
    return {name: file for name, file in files.items() if name.lower() not in side_files}


def _plainer_forms(name: str, labels: Sequence[str]) -> Iterator[str]:
    """The name, then without suffix, without benchmark, without tracker, and without all."""
    forms = (name, _SUFFIX.sub('', name))
    yield from forms
    splits = [split for form in forms for split in _splits(form)]
    yield from (tail for head, tail in splits if plain_name(head) in _PREFIXES)
    plain_labels = {plain_name(label) for label in labels}
    for head, tail in splits:
        if plain_name(head) in plain_labels:
            yield tail
        if plain_name(tail) in plain_labels:
            yield head


def _splits(name: str) -> List[Tuple[str, str]]:
    """The name cut in two at each underscore, the last one first."""
    cuts = [cut for cut in range(len(name) - 2, 0, -1) if name[cut] == '_']
    return [(name[:cut], name[cut + 1 :]) for cut in cuts]


def _loose(name: str) -> str:
    return re.sub(r'[-_. ]+', '_', name.casefold())
