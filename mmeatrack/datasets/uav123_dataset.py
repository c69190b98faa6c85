"""UAV123 and UAV123@10fps."""

from typing import List

from mmeatrack.datasets.sequence_infos import load_sequence_table
from mmeatrack.datasets.uav_sot_dataset import UAVSOTDataset
from mmeatrack.evaluation.benchmarks import BENCHMARKS
from mmeatrack.registry import DATASETS


@DATASETS.register_module()
class UAV123Dataset(UAVSOTDataset):
    """UAV123: 123 sequences, 112,578 frames.

    ``<data_root>/data_seq/UAV123/<folder>/000001.jpg`` and ``<data_root>/anno/UAV123/<seq>.txt``.
    Several sequences are parts of one folder; which frames are whose is a table of the package.
    """

    DEFAULT_PREFIX = dict(
        img_path='data_seq/UAV123', ann_path='anno/UAV123', attribute_path='anno/UAV123/att'
    )
    NUM_SEQUENCES = 123
    ATTRIBUTE_NAMES = BENCHMARKS['uav123'].attributes
    SEQUENCE_TABLE = 'uav123'

    def find_sequences(self) -> List[dict]:
        """List the sequences, see :meth:`UAVSOTDataset.find_sequences`."""
        images, annotations = self.required_folder('img_path'), self.required_folder('ann_path')
        return [
            dict(
                seq_name=sequence.name,
                video_path=str(images / sequence.folder),
                ann_path=str(annotations / f'{sequence.name}.txt'),
                attribute_path=f'{self.data_prefix["attribute_path"]}/{sequence.name}.txt',
                start_frame_id=sequence.first,
                end_frame_id=sequence.last,
            )
            for sequence in load_sequence_table(self.SEQUENCE_TABLE)
        ]


@DATASETS.register_module()
class UAV123At10fpsDataset(UAV123Dataset):
    """UAV123@10fps: 123 sequences, 37,607 frames, with a numbering of its own.

    ``<data_root>/data_seq/UAV123_10fps/<folder>/000001.jpg`` and
    ``<data_root>/anno/UAV123_10fps/<seq>.txt``.
    """

    DEFAULT_PREFIX = dict(
        img_path='data_seq/UAV123_10fps',
        ann_path='anno/UAV123_10fps',
        attribute_path='anno/UAV123_10fps/att',
    )
    SEQUENCE_TABLE = 'uav123_10fps'
