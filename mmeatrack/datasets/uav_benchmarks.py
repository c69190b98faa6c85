"""The UAV benchmarks: DTB70, UAVDT, VisDrone2018-SOT and UAV123 at both frame rates."""

from typing import List

from mmeatrack.datasets.uav_sot_dataset import UAVSOTDataset
from mmeatrack.files.benchmarks import BENCHMARKS
from mmeatrack.files.sequence_infos import load_sequence_table
from mmeatrack.registry import DATASETS


@DATASETS.register_module()
class DTB70Dataset(UAVSOTDataset):
    """DTB70: 70 sequences, ``<data_root>/<Seq>/img/00001.jpg``, ``<Seq>/groundtruth_rect.txt``."""

    NUM_SEQUENCES = 70
    METAINFO = dict(benchmark=BENCHMARKS['dtb70'].title)
    ATTRIBUTE_NAMES = BENCHMARKS['dtb70'].attributes


@DATASETS.register_module()
class UAVDTDataset(UAVSOTDataset):
    """UAVDT-S: 50 sequences, 37,084 frames.

    ``<data_root>/sequences/S0101/img000001.jpg`` and ``<data_root>/anno/S0101_gt.txt``. A mirror
    that calls the first folder ``data_seq`` is read with ``data_prefix=dict(img_path='data_seq')``.
    """

    DEFAULT_PREFIX = dict(img_path='sequences', ann_path='anno', attribute_path='anno/att')
    NUM_SEQUENCES = 50
    METAINFO = dict(benchmark=BENCHMARKS['uavdt'].title)
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


@DATASETS.register_module()
class VisDroneSOTDataset(UAVSOTDataset):
    """VisDrone2018-SOT-test-dev: 35 sequences, 29,365 frames.

    ``<data_root>/sequences/<seq>/img0000001.jpg``, ``annotations/<seq>.txt`` and
    ``attributes/<seq>_attr.txt``. Releases that give the first box only are refused.
    """

    DEFAULT_PREFIX = dict(img_path='sequences', ann_path='annotations', attribute_path='attributes')
    NUM_SEQUENCES = 35
    METAINFO = dict(benchmark=BENCHMARKS['visdrone'].title)
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
    METAINFO = dict(benchmark=BENCHMARKS['uav123'].title)
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
    METAINFO = dict(benchmark=BENCHMARKS['uav123-10fps'].title)
    SEQUENCE_TABLE = 'uav123_10fps'
