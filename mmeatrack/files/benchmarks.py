"""UAV benchmarks: names, sequences, and the order of the flags in their attribute files."""

import re
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple, Union

from mmeatrack.files.sequence_infos import load_sequence_table


class Benchmark(NamedTuple):
    """A benchmark of sequences filmed by drones.

    Attributes:
        title: Name in titles.
        attributes: Names of the flags in its attribute files, in their order.
        table: Its sequences' table, see
            :func:`mmeatrack.files.sequence_infos.load_sequence_table`; None without one.
        name_pattern: Regular expression of its sequences' names, where there is no table.
    """

    title: str
    attributes: Tuple[str, ...]
    table: Optional[str] = None
    name_pattern: str = ''

    @property
    def lengths(self) -> Dict[str, int]:
        """Number of frames by sequence; empty without a table."""
        table = load_sequence_table(self.table) if self.table else []
        return {sequence.name: sequence.last - sequence.first + 1 for sequence in table}

    def has(self, names: Iterable[str]) -> bool:
        """True if all names are those of the benchmark's sequences."""
        if self.table is None:
            return all(re.fullmatch(self.name_pattern, name) for name in names)
        return set(names) <= set(self.lengths)


# Column headings of the benchmark's DatasetAnnotation.pdf.
_UAV123 = ('SV', 'ARC', 'LR', 'FM', 'FOC', 'POC', 'OV', 'BC', 'IV', 'VC', 'CM', 'SOB')

BENCHMARKS: Dict[str, Benchmark] = {
    'dtb70': Benchmark(
        'DTB70',
        ('SV', 'ARV', 'OCC', 'DEF', 'FCM', 'IPR', 'OPR', 'OV', 'BC', 'SOA', 'MB'),
        table='dtb70',
    ),
    'uavdt': Benchmark(
        'UAVDT', ('BC', 'CM', 'OM', 'SO', 'IV', 'OB', 'SV', 'LT', 'LO'), name_pattern=r'S\d{4}'
    ),
    'visdrone': Benchmark(
        'VisDrone2018-SOT-test-dev',
        ('ARC', 'BC', 'CM', 'FM', 'FOC', 'IV', 'LR', 'OV', 'POC', 'SOB', 'SV', 'VC'),
        name_pattern=r'uav\d{7}_\d{5}_s',
    ),
    'uav123': Benchmark('UAV123', _UAV123, table='uav123'),
    'uav123-10fps': Benchmark('UAV123@10fps', _UAV123, table='uav123_10fps'),
    'uav20l': Benchmark('UAV20L', _UAV123, table='uav20l'),
}

_OTHER_NAMES = (
    *('otb', 'otb50', 'otb100', 'otb2013', 'otb2015', 'cvpr13', 'tb100', 'got10k', 'lasot', 'nfs'),
    *('uavtrack112', 'uav112', 'uavtrack112l', 'visdronesot', 'visdrone2018', 'visdrone2019'),
    *('trackingnet', 'tnl2k', 'lasotext', 'lasotextensionsubset', 'uavdts', 'webuav3m'),
)


def plain_name(name: str) -> str:
    """Letters and digits of a name: ``uav12310fps`` for ``UAV123_10fps`` and ``UAV123@10fps``."""
    return re.sub(r'[^a-z0-9]', '', name.lower())


BENCHMARK_FOLDERS = frozenset(
    map(plain_name, [*BENCHMARKS, *(each.title for each in BENCHMARKS.values()), *_OTHER_NAMES])
)
"""Plain names of folders that name a benchmark and not a tracker."""


def recognise_benchmarks(num_frames: Mapping[str, int], folder: Union[str, Path]) -> List[str]:
    """Find the benchmarks that may contain all of the sequences.

    Where there are several (UAV123 has the names of UAV123@10fps), the numbers of frames decide,
    then the names of the folders.

    Args:
        num_frames: Number of frames by the sequence's name.
        folder: Folder of the ground truth.

    Returns:
        Keys of :data:`BENCHMARKS`; several where they cannot be told apart.
    """
    found = [key for key, benchmark in BENCHMARKS.items() if benchmark.has(num_frames)]
    if len(found) > 1:  # by their tables
        fits = [key for key in found if num_frames.items() <= BENCHMARKS[key].lengths.items()]
        found = fits or found
    for part in map(plain_name, reversed(Path(folder).resolve().parts)):
        named = [
            key for key in found if part in (plain_name(key), plain_name(BENCHMARKS[key].title))
        ]
        if named:
            return named
    return found
