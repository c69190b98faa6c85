"""Base of the single-object datasets, and dataset of any folder of sequences."""

import logging
import os
import random
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from mmengine.logging import print_log
from mmtrack.datasets import BaseSOTDataset

from mmeatrack.files.sequence_infos import find_folder_sequences, load_infos_file, name_sequences
from mmeatrack.registry import DATASETS

from .sequence_loading import full_prefix, load_sequence, min_visible_frames, required_folder


@DATASETS.register_module()
class UAVSOTDataset(BaseSOTDataset):
    """Sequences of one target each, for training and for testing.

    By default every folder ``<data_root>/<sequence>`` with ``img/*.jpg`` and
    ``groundtruth_rect.txt`` (x, y, w, h a line, in pixels from the upper left corner; NaN rows
    where the target is absent) is a sequence. This is the layout of DTB70, and the one for your own
    data. An ``attributes.txt`` next to it may name attributes, one a line. A folder with a numbered
    file for each of several targets, as OTB's ``Jogging/groundtruth_rect.1.txt``, is as many
    sequences, ``Jogging-1`` and so on.

    Frames are in the order of the numbers in their names (:mod:`mmeatrack.files.frame_files`). All
    that can be checked without decoding an image is checked when the dataset is built, in training
    also whether sequences are long enough for the pipeline's sampling transform. In test mode
    ``metainfo`` holds ``seq_names``, ``ground_truths`` ((N, 4) arrays, x, y, w, h), ``attributes``
    (lists of names) and ``left_out`` (reason by name), and data samples have their ``seq_name``.

    Args:
        data_root: The dataset's folder.
        sequences: Explicit list of sequences instead of those found in ``data_root``: dicts with
            ``video_path``, ``ann_path`` and optionally ``seq_name``, ``start_frame_id`` and
            ``end_frame_id``. Paths are relative to ``data_prefix['img_path']``.
        ann_file: The same list as an infos file of MMTracking, a header and then
            ``video_path,ann_path,first,last`` a line.
        data_prefix: Folders within ``data_root``, where a mirror names them differently. Those that
            are not given keep their default.
        img_folder: Folder of the images within each sequence's folder; ``''`` for the folder
            itself.
        box_file: Name of the box file within each sequence's folder.
        bad_sequences: ``'leave_out'`` logs an error for a sequence that cannot be used and
            continues with the others; ``'raise'`` stops.
        kwargs: Arguments of :class:`mmtrack.datasets.BaseSOTDataset`.

    Raises:
        FileNotFoundError: If the folders of the layout are missing or hold no sequence.
        ValueError: If an argument is wrong or no sequence can be used.

    Example:
        >>> dataset = UAVSOTDataset(data_root='my_data', test_mode=True)
        >>> dataset.metainfo['seq_names'], dataset.metainfo['ground_truths'][0].shape
        (('car_1',), (4, 4))
    """

    DEFAULT_PREFIX: Dict[str, str] = dict(img_path='')
    NUM_SEQUENCES: Optional[int] = None
    ATTRIBUTE_NAMES: Tuple[str, ...] = ()

    def __init__(
        self,
        *,
        data_root: str,
        sequences: Optional[Sequence[dict]] = None,
        ann_file: str = '',
        data_prefix: Optional[Dict[str, str]] = None,
        img_folder: str = 'img',
        box_file: str = 'groundtruth_rect.txt',
        bad_sequences: str = 'leave_out',
        **kwargs: Any,
    ) -> None:
        if bad_sequences not in ('leave_out', 'raise'):
            raise ValueError(
                f"bad_sequences={bad_sequences!r} is unknown; choose 'leave_out' or 'raise'"
            )
        self.sequences, self.bad_sequences = sequences, bad_sequences
        self.img_folder, self.box_file = img_folder, box_file
        self.left_out: Dict[str, str] = {}
        self._visible: Dict[int, dict] = {}  # by sequence, for training
        super().__init__(
            data_root=str(data_root),
            ann_file=ann_file,
            data_prefix=full_prefix(self, data_prefix),
            **kwargs,
        )

    def find_sequences(self) -> List[dict]:
        """Return the sequence infos of the layout, with usable paths. Subclasses override this.

        They may also have an ``attribute_path``, see :mod:`mmeatrack.files.sequence_infos`.
        FileNotFoundError if the folders of the layout are missing.
        """
        infos, strays = find_folder_sequences(
            self.subfolders('img_path'), self.img_folder, self.box_file
        )
        if infos and strays:
            self._log(f'not sequences, as they have neither images nor boxes: {strays}')
        return infos

    def subfolders(self, prefix: str) -> List[Path]:
        """Return the folders in :meth:`required_folder`, by name and without hidden ones."""
        entries = self.required_folder(prefix).iterdir()
        return sorted(each for each in entries if each.is_dir() and not each.name.startswith('.'))

    def required_folder(self, prefix: str) -> Path:
        """Return the folder ``data_prefix[prefix]``; FileNotFoundError if it is missing."""
        return required_folder(self, prefix)

    def load_data_list(self) -> List[dict]:
        """Load the sequences that can be used."""
        infos = self._listed_sequences()
        if not infos:
            raise FileNotFoundError(
                f'{type(self).__name__}: no sequence in {self.data_root}. A sequence is a folder '
                f'with {self.img_folder or "images"} and {self.box_file}; set data_root, '
                'img_folder or box_file'
            )
        data_list = []
        for info in infos:
            try:
                data_list.append(self.load_sequence(info))
            except (OSError, ValueError) as error:
                self._leave_out(info['seq_name'], error)
        if not data_list:
            name, reason = next(iter(self.left_out.items()))
            raise ValueError(
                f'{type(self).__name__}: none of the {len(infos)} sequences in {self.data_root} '
                f'can be used; the first is {name}: {reason}'
            )
        self._report_count(len(data_list))
        return data_list

    def load_sequence(self, info: dict) -> dict:
        """Load one sequence; subclasses may add to the result of :func:`load_sequence`."""
        return load_sequence(info, self.ATTRIBUTE_NAMES)

    def full_init(self) -> None:
        """Load the sequences; in test mode add names, truths and attributes to ``metainfo``."""
        if self._fully_initialized:
            return
        super().full_init()
        if not self.test_mode:
            self._keep_long_sequences()
            return  # a checkpoint stores the training set's metainfo
        infos = [self.get_data_info(i) for i in range(self.num_videos)]
        self._metainfo.update(
            seq_names=tuple(info['seq_name'] for info in infos),
            ground_truths=tuple(info['boxes'] for info in infos),
            attributes=tuple(info['attributes'] for info in infos),
            left_out=dict(self.left_out),
        )

    def get_bboxes_from_video(self, video_idx: int) -> np.ndarray:
        """Return the boxes (N, 4) of a sequence, x, y, w, h; NaN where the target is absent."""
        return self.get_data_info(video_idx)['boxes']

    def get_len_per_video(self, video_idx: int) -> int:
        """Return the number of frames of a sequence."""
        return len(self.get_bboxes_from_video(video_idx))

    def get_img_infos_from_video(self, video_idx: int) -> dict:
        """Return ``video_id``, ``frame_ids``, ``img_paths`` and ``video_length`` of a sequence."""
        info = self.get_data_info(video_idx)
        img_paths = [os.path.join(info['video_path'], str(name)) for name in info['frame_names']]
        return dict(
            video_id=video_idx,
            frame_ids=np.arange(len(img_paths)),
            img_paths=img_paths,
            video_length=len(img_paths),
        )

    def prepare_test_data(self, video_idx: int, frame_idx: int) -> Any:
        """Load a frame; its data sample has the name of the sequence."""
        results = super().prepare_test_data(video_idx, frame_idx)
        if 'data_samples' in results:
            seq_name = self._metainfo['seq_names'][video_idx]
            results['data_samples'].set_metainfo(dict(seq_name=seq_name))
        return results

    def prepare_train_data(self, video_idx: int) -> Any:
        """Draw two sequences and pass their visible frames to the pipeline.

        Not every sampling transform looks at ``visible``, so frames without a target are removed
        beforehand. ``frame_ids`` still count all frames.
        """
        drawn = random.choices(range(self.num_videos), k=2)
        return self.pipeline([self._visible_frames(idx) for idx in drawn])

    def _visible_frames(self, video_idx: int) -> dict:
        """Return the image and annotation infos of a sequence's visible frames, from a cache."""
        if video_idx not in self._visible:
            img_infos = self.get_img_infos_from_video(video_idx)
            ann_infos = self.get_ann_infos_from_video(video_idx)
            visible = np.flatnonzero(ann_infos['visible'])
            arrays = {key: values[visible] for key, values in ann_infos.items()}
            for values in arrays.values():
                values.setflags(write=False)  # shared by all samples of the sequence
            self._visible[video_idx] = dict(
                img_infos,
                frame_ids=img_infos['frame_ids'][visible],
                img_paths=[img_infos['img_paths'][i] for i in visible],
                **arrays,
            )
        return dict(self._visible[video_idx])

    def _listed_sequences(self) -> List[dict]:
        """Return the given or found sequence infos, with usable paths."""
        if self.sequences is not None:
            infos = name_sequences(list(self.sequences), 'sequences')
        elif self.ann_file:
            infos = load_infos_file(self.ann_file)
        else:
            infos = self.find_sequences()
            return name_sequences(infos, str(self.data_root)) if infos else []
        root = self.required_folder('img_path')
        for info in infos:
            for key in ('video_path', 'ann_path', 'attribute_path'):
                if key in info:
                    info[key] = str(root / info[key])
        return infos

    def _keep_long_sequences(self) -> None:
        """Leave out the training sequences from which the pipeline cannot draw a sample."""
        indices = range(self.num_videos)
        names = [self.get_data_info(index)['seq_name'] for index in indices]
        visible = [int(self.get_ann_infos_from_video(index)['visible'].sum()) for index in indices]
        needed, by = min_visible_frames(self.pipeline.transforms)
        if max(visible) <= 1:  # still images are drawn repeatedly
            needed, by = 1, 'training'
        reasons = [f'{count} visible frames, but {by} needs {needed}' for count in visible]
        kept = [index for index in indices if visible[index] >= needed]
        for index in sorted(set(indices) - set(kept)):
            self._leave_out(names[index], ValueError(reasons[index]))
        if not kept:
            longest = int(np.argmax(visible))
            raise ValueError(
                f'{type(self).__name__}: no sequence in {self.data_root} can be trained on; the '
                f'longest, {names[longest]}, has {reasons[longest]}. Give longer ones, or set '
                'min_num_frames of the sampling transform'
            )
        if len(kept) < len(indices):
            self.get_subset_(kept)

    def _leave_out(self, name: str, error: Exception) -> None:
        """Record why a sequence cannot be used, or raise the error."""
        if self.bad_sequences == 'raise':
            raise error
        self.left_out[name] = str(error)
        self._log(f'sequence {name} is left out: {error}', logging.ERROR)

    def _log(self, message: str, level: int = logging.WARNING) -> None:
        print_log(f'{type(self).__name__}: {message}', logger='current', level=level)

    def _report_count(self, num_usable: int) -> None:
        """Log the number of sequences, as a warning if a benchmark is incomplete."""
        expected = self.NUM_SEQUENCES
        if expected in (None, num_usable) or self.sequences is not None or self.ann_file:
            self._log(f'{num_usable} sequences', logging.INFO)
        else:
            self._log(
                f'{num_usable} sequences in {self.data_root}, but the benchmark has {expected}; '
                'scores cannot be compared with published ones'
            )
