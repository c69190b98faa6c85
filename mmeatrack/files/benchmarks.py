"""The UAV benchmarks' names, and the order of the flags in their attribute files."""

from typing import Dict, NamedTuple, Tuple


class Benchmark(NamedTuple):
    """A benchmark: its name in titles, and what the flags of its attribute files mean."""

    title: str
    attributes: Tuple[str, ...]


# The columns of the files, as the benchmark's DatasetAnnotation.pdf heads them.
_UAV123 = ('SV', 'ARC', 'LR', 'FM', 'FOC', 'POC', 'OV', 'BC', 'IV', 'VC', 'CM', 'SOB')

BENCHMARKS: Dict[str, Benchmark] = {
    'dtb70': Benchmark(
        'DTB70', ('SV', 'ARV', 'OCC', 'DEF', 'FCM', 'IPR', 'OPR', 'OV', 'BC', 'SOA', 'MB')
    ),
    'uavdt': Benchmark('UAVDT', ('BC', 'CM', 'OM', 'SO', 'IV', 'OB', 'SV', 'LT', 'LO')),
    'visdrone': Benchmark(
        'VisDrone2018-SOT-test-dev',
        ('ARC', 'BC', 'CM', 'FM', 'FOC', 'IV', 'LR', 'OV', 'POC', 'SOB', 'SV', 'VC'),
    ),
    'uav123': Benchmark('UAV123', _UAV123),
    'uav123-10fps': Benchmark('UAV123@10fps', _UAV123),
}
