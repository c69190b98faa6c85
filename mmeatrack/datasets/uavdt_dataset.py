"""UAVDT, the single object tracking part."""

from typing import List

from mmeatrack.datasets.uav_sot_dataset import UAVSOTDataset
from mmeatrack.evaluation.benchmarks import BENCHMARKS
from mmeatrack.registry import DATASETS


@DATASETS.register_module()
class UAVDTDataset(UAVSOTDataset):
    """UAVDT-S: 50 sequences, 37,084 frames.

    ``<data_root>/sequences/S0101/img000001.jpg`` and ``<data_root>/anno/S0101_gt.txt``. A mirror
    that calls the first folder ``data_seq`` is read with ``data_prefix=dict(img_path='data_seq')``.
    """

    DEFAULT_PREFIX = dict(img_path='sequences', ann_path='anno', attribute_path='anno/att')
    NUM_SEQUENCES = 50
    ATTRIBUTE_NAMES = BENCHMARKS['uavdt'].attributes

    def find_sequences(self) -> List[dict]:
        """List the sequences, see :meth:`UAVSOTDataset.find_sequences`."""
        annotations = self.required_folder('ann_path')
        return [
            dict(
                seq_name=folder.name,
                video_path=str(folder),
                ann_path=str(annotations / f'{folder.name}_gt.txt'),
                attribute_path=f'{self.data_prefix["attribute_path"]}/{folder.name}_att.txt',
            )
            for folder in self.subfolders('img_path')
        ]
