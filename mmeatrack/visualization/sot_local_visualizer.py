"""Visualizer of single-object tracking for MMEngine's and mmtrack's hooks."""

import re
from pathlib import Path
from typing import Any, Dict, List, Optional

import cv2
import numpy as np
from mmengine.dist import master_only
from mmengine.structures import InstanceData
from mmengine.visualization import Visualizer

from mmeatrack.files.atomic import write_atomically
from mmeatrack.files.sequence_names import name_of_sample
from mmeatrack.registry import VISUALIZERS
from mmeatrack.visualization.annotated_frame import FrameHeader, draw_frame
from mmeatrack.visualization.labelled_boxes import LabelledBox


@VISUALIZERS.register_module()
class SOTLocalVisualizer(Visualizer):
    """Draws the frames of a test run as the video demo does: boxes, score and LOST.

    It takes the place of mmtrack's ``TrackLocalVisualizer`` under ``TrackVisualizationHook``. Where
    that leaves out boxes of low scores, every box is drawn here: a lost target has a low score.

    Args:
        name: Name of the instance.
        label: The tracker's name in the picture.
        kwargs: Of :class:`mmengine.visualization.Visualizer`.

    Example:
        >>> visualizer = dict(type='mmeatrack.SOTLocalVisualizer', label='EATrack')
    """

    def __init__(self, name: str = 'visualizer', label: str = 'tracker', **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.label = label
        self.dataset_meta: Dict[str, Any] = {}  # set by MMEngine's loops, not used

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: Optional[Any] = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: Optional[str] = None,
        pred_score_thr: float = 0.0,
        step: int = 0,
    ) -> None:
        """Draw a frame, and show, keep or write it.

        The arguments are those of mmtrack's ``TrackLocalVisualizer``, except for these.

        Args:
            image: (H, W, 3), uint8, RGB.
            data_sample: A ``TrackDataSample`` with ``gt_instances`` and ``pred_track_instances``
                (``bboxes`` (1, 4), x1, y1, x2, y2 in image px); None leaves the frame as it is.
            out_file: Picture to write; it goes into a folder of the sequence's name beside it,
                since frames of all sequences have the same file names.
            pred_score_thr: Ignored, see the class.
        """
        picture = image
        if data_sample is not None:
            boxes = self._boxes(data_sample.cpu(), draw_gt, draw_pred)
            header = self._header(data_sample)
            picture = draw_frame(np.ascontiguousarray(image[..., ::-1]), boxes, header)[..., ::-1]
        if show:
            self.show(picture, win_name=name, wait_time=wait_time)
        else:
            self.add_image(name, picture, step)
        if out_file is not None:
            path = Path(out_file)
            if data_sample is not None:
                # A folder's name must not lead elsewhere.
                folder = re.sub(r'[/\\]|^\.+', '_', name_of_sample(data_sample.metainfo))
                path = path.parent / folder / path.name
            _write_picture(path, picture[..., ::-1])

    def _boxes(self, data_sample: Any, draw_gt: bool, draw_pred: bool) -> List[LabelledBox]:
        boxes = []
        truth, found = data_sample.get('gt_instances'), data_sample.get('pred_track_instances')
        if draw_gt and truth is not None:
            boxes.append(LabelledBox.of_ground_truth(_box_xywh(truth).tolist()))
        if draw_pred and found is not None:
            score = float(found.scores[0]) if 'scores' in found else None
            lost = bool(found.lost[0]) if 'lost' in found else None
            boxes.append(
                LabelledBox.of_tracker(self.label, 0, _box_xywh(found).tolist(), score, lost)
            )
        return boxes

    @staticmethod
    def _header(data_sample: Any) -> FrameHeader:
        truth = data_sample.get('gt_instances')
        absent = truth is not None and not np.isfinite(_box_xywh(truth)).all()
        length = data_sample.get('video_length')
        return FrameHeader(
            name_of_sample(data_sample.metainfo),
            int(data_sample.get('frame_id', 0)),
            None if length is None else int(length) - 1,
            absent,
        )


def _box_xywh(instances: InstanceData) -> np.ndarray:
    """The first box (4,) of instances, x, y, w, h in image px; NaN without a box."""
    if not len(instances.get('bboxes', ())):
        return np.full(4, np.nan)
    x1, y1, x2, y2 = np.asarray(instances.bboxes[0], dtype=float)
    return np.array([x1, y1, x2 - x1, y2 - y1])


def _write_picture(path: Path, picture: np.ndarray) -> None:
    """Write a picture (H, W, 3), uint8, BGR, in the format of the path's suffix."""
    is_encoded, content = cv2.imencode(path.suffix, np.ascontiguousarray(picture))
    if not is_encoded:
        raise ValueError(f'{path}: the picture cannot be encoded as {path.suffix}.')
    write_atomically(path, content.tobytes())
