"""The UAV benchmarks and the synthetic UAV set, each by its layout."""

from pathlib import Path
from typing import Any, List, Optional

import numpy as np

from mmeatrack.files.benchmarks import BENCHMARKS
from mmeatrack.files.sequence_infos import load_sequence_table
from mmeatrack.registry import DATASETS
from mmeatrack.structures.checks import check_shares

from .uav_sot_dataset import UAVSOTDataset


@DATASETS.register_module()
class DTB70Dataset(UAVSOTDataset):
    """DTB70: 70 sequences, ``<data_root>/<Seq>/img/00001.jpg``, ``<Seq>/groundtruth_rect.txt``."""

    NUM_SEQUENCES = 70
    METAINFO = dict(benchmark=BENCHMARKS['dtb70'].title)
    ATTRIBUTE_NAMES = BENCHMARKS['dtb70'].attributes


class _SideBySideDataset(UAVSOTDataset):
    """Folders of images, next to folders of annotation and attribute files."""

    ANN_FILE = '{}.txt'
    ATTRIBUTE_FILE = '{}.txt'
    SEQUENCE_TABLE: Optional[str] = None

    def find_sequences(self) -> List[dict]:
        """List the sequences of the table, or those that have images or an annotation."""
        images, annotations = self.required_folder('img_path'), self.required_folder('ann_path')
        if self.SEQUENCE_TABLE is not None:
            ranges: List[tuple] = list(load_sequence_table(self.SEQUENCE_TABLE))
        else:
            suffix = self.ANN_FILE.format('')
            names = {folder.name for folder in self.subfolders('img_path')}
            names |= {path.name[: -len(suffix)] for path in annotations.glob(f'[!.]*{suffix}')}
            ranges = [(name, name, None, None) for name in sorted(names)]
        attributes = Path(self.data_prefix['attribute_path'])
        return [
            dict(
                seq_name=name,
                video_path=str(images / folder),
                ann_path=str(annotations / self.ANN_FILE.format(name)),
                attribute_path=str(attributes / self.ATTRIBUTE_FILE.format(name)),
                start_frame_id=first,
                end_frame_id=last,
            )
            for name, folder, first, last in ranges
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
class UAV123Dataset(_SideBySideDataset):
    """UAV123: 123 sequences, 112,578 frames.

    ``<data_root>/data_seq/UAV123/<folder>/000001.jpg`` and ``<data_root>/anno/UAV123/<seq>.txt``.
    Several sequences are parts of one folder; a table of the package has their first and last
    frames.
    """

    DEFAULT_PREFIX = dict(
        img_path='data_seq/UAV123', ann_path='anno/UAV123', attribute_path='anno/UAV123/att'
    )
    NUM_SEQUENCES = 123
    METAINFO = dict(benchmark=BENCHMARKS['uav123'].title)
    ATTRIBUTE_NAMES = BENCHMARKS['uav123'].attributes
    SEQUENCE_TABLE = 'uav123'


@DATASETS.register_module()
class UAV123At10fpsDataset(UAV123Dataset):
    """UAV123@10fps: 123 sequences, 37,607 frames, numbered independently of UAV123.

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
        min_visibility: Training skips frames in which a smaller share of the target is visible.
        kwargs: Arguments of :class:`UAVSOTDataset`.
    """

    def __init__(self, *, min_visibility: float = 0.3, **kwargs: Any) -> None:
        check_shares(min_visibility=min_visibility)
        self.min_visibility = min_visibility
        super().__init__(**kwargs)

    def load_sequence(self, info: dict) -> dict:
        """Load one sequence and its visibility."""
        data_info = super().load_sequence(info)
        path, num_frames = Path(info['ann_path']).parent / 'visibility.txt', len(data_info['boxes'])
        try:
            visibility = np.array([float(line) for line in path.read_text().split()])
        except ValueError as error:
            raise ValueError(f'{path}: {error}; expected one number a line') from error
        if len(visibility) < num_frames:
            raise ValueError(
                f'{path}: {len(visibility)} lines for {num_frames} frames; '
                'generate the sequence again'
            )
        return dict(data_info, visibility=visibility[:num_frames])

    def get_visibility_from_video(self, video_idx: int) -> dict:
        """Return ``visible``, bool (N,), of a sequence."""
        return dict(visible=self.get_data_info(video_idx)['visibility'] >= self.min_visibility)
