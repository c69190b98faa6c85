"""VisDrone2018-SOT-test-dev."""

from typing import List

from mmeatrack.datasets.uav_sot_dataset import UAVSOTDataset
from mmeatrack.evaluation.benchmarks import BENCHMARKS
from mmeatrack.registry import DATASETS


@DATASETS.register_module()
class VisDroneSOTDataset(UAVSOTDataset):
    """VisDrone2018-SOT-test-dev: 35 sequences, 29,365 frames.

    ``<data_root>/sequences/<seq>/img0000001.jpg``, ``annotations/<seq>.txt`` and
    ``attributes/<seq>_attr.txt``. Releases that give the first box only are refused.
    """

    DEFAULT_PREFIX = dict(img_path='sequences', ann_path='annotations', attribute_path='attributes')
    NUM_SEQUENCES = 35
    ATTRIBUTE_NAMES = BENCHMARKS['visdrone'].attributes

    def find_sequences(self) -> List[dict]:
        """List the sequences, see :meth:`UAVSOTDataset.find_sequences`."""
        annotations = self.required_folder('ann_path')
        return [
            dict(
                seq_name=folder.name,
                video_path=str(folder),
                ann_path=str(annotations / f'{folder.name}.txt'),
                attribute_path=f'{self.data_prefix["attribute_path"]}/{folder.name}_attr.txt',
            )
            for folder in self.subfolders('img_path')
        ]
