"""Datasets of many targets: MOTChallenge's layout, VisDrone-MOT and UAVDT-M."""

import os
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from mmtrack.datasets import BaseVideoDataset
from PIL import Image

from mmeatrack.datasets.sequence_loading import full_prefix
from mmeatrack.files.box_text import read_mot_rows
from mmeatrack.files.frame_files import list_frames
from mmeatrack.registry import DATASETS


class TargetRows(NamedTuple):
    """Annotation of a sequence: N rows, one for each target and frame.

    Attributes:
        frames: (N,) number of the frame, from 1.
        ids: (N,) number of the target.
        boxes: (N, 4) x, y, w, h in image px.
        categories: (N,) the benchmark's number of the class.
        ignored: (N,) True for regions, and targets, that are not scored.
        visibility: (N,) share of the target that is seen, 0 to 1.
    """

    frames: np.ndarray
    ids: np.ndarray
    boxes: np.ndarray
    categories: np.ndarray
    ignored: np.ndarray
    visibility: np.ndarray


def _target_rows(rows: np.ndarray, category: int, ignored: np.ndarray, seen: Any) -> TargetRows:
    """From (N, 9) rows, of which column ``category`` is the class."""
    frames, ids = rows[:, 0].astype(int), rows[:, 1].astype(int)
    categories = rows[:, category].astype(int)
    visibility = np.broadcast_to(np.asarray(seen, float), frames.shape)
    return TargetRows(frames, ids, rows[:, 2:6], categories, ignored, visibility)


@DATASETS.register_module()
class UAVMOTDataset(BaseVideoDataset):
    """Sequences of many targets, read from MOTChallenge's layout without a conversion.

    ``<data_root>/<seq>/img1/000001.jpg`` and ``<seq>/gt/gt.txt`` with rows of
    ``frame,id,x,y,w,h,scored,class,visibility``, as ``make_synthetic_uav.py --targets N`` writes
    them. Of ``metainfo['CLASSES']`` those of the benchmark's classes are chosen that are wanted;
    targets of others are left out. Ignored regions are instances of ``ignore_flag`` 1, which
    :class:`UAVMOTMetric` reads and training passes over.

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
        """Folder of a sequence's images."""
        return Path(self.data_prefix['img_path']) / name / self.IMAGE_FOLDER

    def read_targets(self, name: str, num_frames: int) -> TargetRows:
        """Annotation of a sequence. Subclasses override this."""
        path = Path(self.data_prefix['img_path']) / name / 'gt' / 'gt.txt'
        rows = read_mot_rows(path, num_frames)
        return _target_rows(rows, 7, rows[:, 6] == 0, rows[:, 8])

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
        # Read by BaseVideoDataset, which leaves out images of no wanted class.
        self.cat_img_map = {
            category: [
                info['img_id']
                for info in frames
                if any(
                    each['category_id'] == category and not each['ignore_flag']
                    for each in info['instances']
                )
            ]
            for category in self.cat_ids
        }
        interval = (self.key_img_sampler or {}).get('interval', 1)
        return frames, [i for i, info in enumerate(frames) if info['frame_id'] % interval == 0]

    def _names(self) -> List[str]:
        root = Path(self.data_prefix['img_path'])
        if not root.is_dir():
            raise FileNotFoundError(
                f'{type(self).__name__}: no folder {root}. Set data_root, or '
                'data_prefix=dict(img_path=...) if the folder has another name'
            )
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
        targets = self.read_targets(name, len(images))
        by_frame: Dict[int, List[dict]] = {}
        for index in np.flatnonzero(targets.ignored | np.isin(targets.categories, self.cat_ids)):
            instance = self._instance(targets, index)
            by_frame.setdefault(int(targets.frames[index]) - 1, []).append(instance)
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
                instances=by_frame.get(number, []),
            )
            for number, image in enumerate(images)
        ]

    def _instance(self, targets: TargetRows, index: int) -> dict:
        x, y, w, h = targets.boxes[index].tolist()
        ignored = bool(targets.ignored[index])
        category = int(targets.categories[index])
        return dict(
            bbox=[x, y, x + w, y + h],
            bbox_label=self.cat2label.get(category, 0),
            ignore_flag=int(ignored),
            instance_id=int(targets.ids[index]),
            category_id=category,
            mot_conf=int(not ignored),
            visibility=float(targets.visibility[index]),
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

    def read_targets(self, name: str, num_frames: int) -> TargetRows:
        """Annotation of a sequence."""
        rows = read_mot_rows(Path(self.data_prefix['ann_path']) / f'{name}.txt', num_frames)
        ignored = (rows[:, 6] == 0) | np.isin(rows[:, 7], (0, 11))
        return _target_rows(rows, 7, ignored, 1.0)


@DATASETS.register_module()
class UAVDTMOTDataset(UAVMOTDataset):
    """UAVDT-M.

    ``<data_root>/UAV-benchmark-M/M0101/img000001.jpg`` and, in
    ``UAV-benchmark-MOTD_v1.0/GT``, ``M0101_gt_whole.txt`` with rows of
    ``frame,id,x,y,w,h,out-of-view,occlusion,category``, and ``M0101_gt_ignore.txt`` with the
    ignored regions, where there are any.
    """

    METAINFO = dict(CLASSES=('car', 'truck', 'bus'))
    CATEGORIES = dict(car=1, truck=2, bus=3)
    DEFAULT_PREFIX = dict(img_path='UAV-benchmark-M', ann_path='UAV-benchmark-MOTD_v1.0/GT')
    IMAGE_FOLDER = ''

    def read_targets(self, name: str, num_frames: int) -> TargetRows:
        """Annotation of a sequence."""
        folder = Path(self.data_prefix['ann_path'])
        rows = read_mot_rows(folder / f'{name}_gt_whole.txt', num_frames)
        regions = folder / f'{name}_gt_ignore.txt'
        if regions.is_file():
            unscored = read_mot_rows(regions, num_frames)
            unscored[:, 8] = 0  # a category that ignores them
            rows = np.concatenate([rows, unscored])
        return _target_rows(rows, 8, rows[:, 8] == 0, 1.0)
