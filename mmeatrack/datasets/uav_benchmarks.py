"""The UAV benchmarks and the synthetic UAV set, each by its layout."""

from pathlib import Path
from typing import Any, List

import numpy as np

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


class _SideBySideDataset(UAVSOTDataset):
    """Folders of images, and the annotations in folders beside them."""

    ANN_FILE = '{}.txt'
    ATTRIBUTE_FILE = '{}.txt'

    def find_sequences(self) -> List[dict]:
        """List the sequences that have images or an annotation, or both."""
        images, annotations = Path(self.data_prefix['img_path']), self.required_folder('ann_path')
        names = {folder.name for folder in self.subfolders('img_path')}
        suffix = self.ANN_FILE.format('')
        names |= {path.name[: -len(suffix)] for path in annotations.glob(f'[!.]*{suffix}')}
        return [
            dict(
                seq_name=name,
                video_path=str(images / name),
                ann_path=str(annotations / self.ANN_FILE.format(name)),
                attribute_path=f'{self.data_prefix["attribute_path"]}/'
                + self.ATTRIBUTE_FILE.format(name),
            )
            for name in sorted(names)
        ]


@DATASETS.register_module()
class UAVDTDataset(_SideBySideDataset):
    """UAVDT-S: 50 sequences, 37,084 frames.

    ``<data_root>/sequences/S0101/img000001.jpg`` and ``<data_root>/anno/S0101_gt.txt``. A mirror
    that calls the first folder ``data_seq`` is read with ``data_prefix=dict(img_path='data_seq')``.
    """

    DEFAULT_PREFIX = dict(img_path='sequences', ann_path='anno', attribute_path='anno/att')
    ANN_FILE = '{}_gt.txt'
    ATTRIBUTE_FILE = '{}_att.txt'
    NUM_SEQUENCES = 50
    METAINFO = dict(benchmark=BENCHMARKS['uavdt'].title)
    ATTRIBUTE_NAMES = BENCHMARKS['uavdt'].attributes


@DATASETS.register_module()
class VisDroneSOTDataset(_SideBySideDataset):
    """VisDrone2018-SOT-test-dev: 35 sequences, 29,365 frames.

    ``<data_root>/sequences/<seq>/img0000001.jpg``, ``annotations/<seq>.txt`` and
    ``attributes/<seq>_attr.txt``. Releases that give the first box only are refused.
    """

    DEFAULT_PREFIX = dict(img_path='sequences', ann_path='annotations', attribute_path='attributes')
    ATTRIBUTE_FILE = '{}_attr.txt'
    NUM_SEQUENCES = 35
    METAINFO = dict(benchmark=BENCHMARKS['visdrone'].title)
    ATTRIBUTE_NAMES = BENCHMARKS['visdrone'].attributes


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


@DATASETS.register_module()
class SyntheticUAVDataset(UAVSOTDataset):
    """Synthetic UAV sequences, in DTB70's layout.

    ``<data_root>/<seq>/visibility.txt`` gives the visible share of the target, 0 to 1, a frame a
    line.

    Args:
        min_visibility: Frames whose target is visible to a smaller share are not drawn in training.
        kwargs: Arguments of :class:`UAVSOTDataset`.
    """

    def __init__(self, *, min_visibility: float = 0.3, **kwargs: Any) -> None:
        if not 0 <= min_visibility <= 1:
            raise ValueError(f'min_visibility={min_visibility} must lie between 0 and 1')
        self.min_visibility = min_visibility
        super().__init__(**kwargs)

    def load_sequence(self, info: dict) -> dict:
        """Read one sequence, see :meth:`UAVSOTDataset.load_sequence`, and its visibility."""
        data_info = super().load_sequence(info)
        path = Path(info['ann_path']).parent / 'visibility.txt'
        try:
            visibility = np.array([float(line) for line in path.read_text().split()])
        except ValueError as error:
            raise ValueError(f'{path}: {error}; expected one number a line') from error
        if len(visibility) < len(data_info['boxes']):
            raise ValueError(
                f'{path}: {len(visibility)} lines for {len(data_info["boxes"])} frames; '
                'generate the sequence again'
            )
        return dict(data_info, visibility=visibility[: len(data_info['boxes'])])

    def get_visibility_from_video(self, video_idx: int) -> dict:
        """Return ``visible``, bool (N,), of a sequence."""
        return dict(visible=self.get_data_info(video_idx)['visibility'] >= self.min_visibility)
