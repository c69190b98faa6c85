"""Datasets of many targets: MOTChallenge's layout, VisDrone-MOT and UAVDT-M."""

import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from mmtrack.datasets import BaseVideoDataset
from PIL import Image

from mmeatrack.files.box_text import read_mot_rows
from mmeatrack.files.frame_files import list_frames
from mmeatrack.registry import DATASETS

from .sequence_loading import full_prefix, required_folder


@DATASETS.register_module()
class UAVMOTDataset(BaseVideoDataset):
    """Sequences of many targets, read from MOTChallenge's layout without a conversion.

    ``<data_root>/<seq>/img1/000001.jpg`` and ``<seq>/gt/gt.txt`` with rows of
    ``frame,id,x,y,w,h,scored,class,visibility``, as ``make_synthetic_uav.py --targets N`` writes
    them. ``metainfo['CLASSES']`` selects classes of the benchmark; targets of the others are left
    out. Ignored regions are instances of ``ignore_flag`` 1, which :class:`UAVMOTMetric` reads and
    training skips.

    Args:
        data_root: The dataset's folder.
        sequences: Names of the sequences, such as a benchmark's test split; None for all.
        data_prefix: Folders within ``data_root``, where a mirror names them differently.
        kwargs: Arguments of :class:`mmtrack.datasets.BaseVideoDataset`; by default it samples no
            reference images.

    Raises:
        FileNotFoundError: If a folder, a sequence or an annotation is missing.
        ValueError: If a class is unknown or a row is malformed.

    Example:
        >>> from mmeatrack.datasets import VisDroneMOTDataset
        >>> VisDroneMOTDataset.METAINFO['CLASSES']
        ('pedestrian', 'car', 'van', 'truck', 'bus')
    """

    METAINFO: dict = dict(CLASSES=('target',))
    CATEGORIES: Dict[str, int] = {'target': 1}
    DEFAULT_PREFIX: Dict[str, str] = dict(img_path='')
    IMAGE_FOLDER = 'img1'

    def __init__(
        self,
        *,
        data_root: str,
        sequences: Optional[Sequence[str]] = None,
        data_prefix: Optional[Dict[str, str]] = None,
        **kwargs: Any,
    ) -> None:
        self.sequences = sequences
        kwargs.setdefault('ref_img_sampler', None)
        prefix = full_prefix(self, data_prefix)
        super().__init__(data_root=str(data_root), data_prefix=prefix, **kwargs)

    def image_folder(self, name: str) -> Path:
        """Return the folder of a sequence's images."""
        return Path(self.data_prefix['img_path']) / name / self.IMAGE_FOLDER

    def read_targets(self, name: str, num_frames: int) -> np.ndarray:
        """Read the annotation of a sequence. Subclasses override this.

        Returns:
            Rows (N, 9) in MOTChallenge's columns: frame from 1, id, x, y, w, h in image px, 0 if
            the row is ignored, the benchmark's number of the class, visibility from 0 to 1.
        """
        return read_mot_rows(Path(self.data_prefix['img_path'], name, 'gt', 'gt.txt'), num_frames)

    def load_data_list(self) -> Tuple[List[dict], List[int]]:
        """List all frames, and the indices of those that ``key_img_sampler`` takes."""
        names = self._names()
        unknown = set(self.metainfo['CLASSES']) - set(self.CATEGORIES)
        if unknown:
            raise ValueError(
                f'{type(self).__name__} has no class {sorted(unknown)}; it has '
                f'{list(self.CATEGORIES)}'
            )
        self.cat_ids = [self.CATEGORIES[name] for name in self.metainfo['CLASSES']]
        self.cat2label = {category: label for label, category in enumerate(self.cat_ids)}
        frames: List[dict] = []
        for video_id, name in enumerate(names):
            frames += self._load_sequence(video_id, name, len(frames))
        # BaseVideoDataset reads it to leave out images without a selected class.
        self.cat_img_map: Dict[int, List[int]] = {category: [] for category in self.cat_ids}
        for info in frames:
            scored = [each for each in info['instances'] if not each['ignore_flag']]
            for category in {each['category_id'] for each in scored}:
                self.cat_img_map[category].append(info['img_id'])
        interval = (self.key_img_sampler or {}).get('interval', 1)
        return frames, [i for i, info in enumerate(frames) if info['frame_id'] % interval == 0]

    def _names(self) -> List[str]:
        root = required_folder(self, 'img_path')
        found = sorted(
            path.name for path in root.iterdir() if self.image_folder(path.name).is_dir()
        )
        names = found if self.sequences is None else list(self.sequences)
        missing = sorted(set(names) - set(found))
        if missing or not names:
            raise FileNotFoundError(
                f'{type(self).__name__}: no sequence {missing or ""} in {root}; here: {found[:8]}'
            )
        return names

    def _load_sequence(self, video_id: int, name: str, first_id: int) -> List[dict]:
        folder = self.image_folder(name)
        images = list_frames(folder)
        with Image.open(folder / images[0]) as image:
            width, height = image.size
        instances: List[List[dict]] = [[] for _ in images]
        for row in self.read_targets(name, len(images)).tolist():
            instance = self._instance(row)
            if instance['ignore_flag'] or instance['category_id'] in self.cat2label:
                instances[int(row[0]) - 1].append(instance)
        # The metric takes the third part of a path from the right for the name of the video.
        parts = folder.parts
        where = folder if len(parts) > 1 and parts[-2] == name else os.path.join(folder, os.curdir)
        return [
            dict(
                img_path=os.path.join(where, image),
                img_id=first_id + number,
                video_id=video_id,
                frame_id=number,
                video_length=len(images),
                width=width,
                height=height,
                instances=instances[number],
            )
            for number, image in enumerate(images)
        ]

    def _instance(self, row: Sequence[float]) -> dict:
        _, number, x, y, w, h, scored, category, visibility = row
        return dict(
            bbox=[x, y, x + w, y + h],
            bbox_label=self.cat2label.get(int(category), 0),
            ignore_flag=int(not scored),
            instance_id=int(number),
            category_id=int(category),
            mot_conf=int(bool(scored)),
            visibility=visibility,
        )


@DATASETS.register_module()
class VisDroneMOTDataset(UAVMOTDataset):
    """VisDrone-MOT, with the five classes that its toolkit scores.

    ``<data_root>/sequences/<seq>/0000001.jpg`` and ``annotations/<seq>.txt``: rows of
    ``frame,id,x,y,w,h,score,category,truncation,occlusion``. Categories 0 (ignored regions) and 11
    (others) and rows of score 0 are ignored.
    """

    METAINFO = dict(CLASSES=('pedestrian', 'car', 'van', 'truck', 'bus'))
    CATEGORIES = dict(pedestrian=1, car=4, van=5, truck=6, bus=9)
    DEFAULT_PREFIX = dict(img_path='sequences', ann_path='annotations')
    IMAGE_FOLDER = ''

    def read_targets(self, name: str, num_frames: int) -> np.ndarray:
        """Read the annotation of a sequence."""
        rows = read_mot_rows(Path(self.data_prefix['ann_path'], f'{name}.txt'), num_frames)
        rows[np.isin(rows[:, 7], (0, 11)), 6] = 0
        rows[:, 8] = 1
        return rows


@DATASETS.register_module()
class UAVDTMOTDataset(UAVMOTDataset):
    """UAVDT-M.

    ``<data_root>/UAV-benchmark-M/M0101/img000001.jpg`` and, in
    ``UAV-benchmark-MOTD_v1.0/GT``, ``M0101_gt_whole.txt`` with rows of
    ``frame,id,x,y,w,h,out-of-view,occlusion,category``, and optionally ``M0101_gt_ignore.txt``
    with the ignored regions.
    """

    METAINFO = dict(CLASSES=('car', 'truck', 'bus'))
    CATEGORIES = dict(car=1, truck=2, bus=3)
    DEFAULT_PREFIX = dict(img_path='UAV-benchmark-M', ann_path='UAV-benchmark-MOTD_v1.0/GT')
    IMAGE_FOLDER = ''

    def read_targets(self, name: str, num_frames: int) -> np.ndarray:
        """Read the annotation of a sequence."""
        folder = Path(self.data_prefix['ann_path'])
        rows = read_mot_rows(folder / f'{name}_gt_whole.txt', num_frames)
        regions = folder / f'{name}_gt_ignore.txt'
        if regions.is_file():
            ignored = read_mot_rows(regions, num_frames)
            ignored[:, 8] = 0
            rows = np.concatenate([rows, ignored])
        category = rows[:, 8]
        return np.column_stack([rows[:, :6], category != 0, category, np.ones(len(rows))])
