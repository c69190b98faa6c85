"""DTB70."""

from mmeatrack.datasets.uav_sot_dataset import UAVSOTDataset
from mmeatrack.evaluation.benchmarks import BENCHMARKS
from mmeatrack.registry import DATASETS


@DATASETS.register_module()
class DTB70Dataset(UAVSOTDataset):
    """DTB70: 70 sequences, ``<data_root>/<Seq>/img/00001.jpg``, ``<Seq>/groundtruth_rect.txt``."""

    NUM_SEQUENCES = 70
    ATTRIBUTE_NAMES = BENCHMARKS['dtb70'].attributes
