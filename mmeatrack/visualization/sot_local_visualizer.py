"""Visualizer of single-object tracking for MMEngine's and mmtrack's hooks."""

import math
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
    """Visualizer of test runs that draws like the video demo: boxes, score and LOST.

    Replaces mmtrack's ``TrackLocalVisualizer`` under ``TrackVisualizationHook``. Boxes with low
    scores are drawn too, since a lost target has a low score.

    Args:
        name: Name of the instance.
        label: Name of the tracker in the picture.
        kwargs: Arguments of :class:`mmengine.visualization.Visualizer`.

    Example:
        >>> visualizer = dict(type='mmeatrack.SOTLocalVisualizer', label='EATrack')
    """

    def __init__(self, name: str = 'visualizer', label: str = 'tracker', **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.label = label
        self.dataset_meta: Dict[str, Any] = {}  # MMEngine's loops set it

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
        """Draw a frame; show it or pass it to the backends, and write it.

        Arguments not listed are as in mmtrack's ``TrackLocalVisualizer``.

        Args:
            image: (H, W, 3), uint8, RGB.
            data_sample: ``TrackDataSample`` with ``gt_instances`` and ``pred_track_instances``
                (``bboxes`` (1, 4), x1, y1, x2, y2 in image px); None for the plain frame.
            out_file: Picture to write, moved into a subfolder named after the sequence, since the
                frames of all sequences have the same file names.
            pred_score_thr: Ignored, see the class.
        """
        picture = image
        if data_sample is not None:
            picture = self._draw(image[..., ::-1], data_sample.cpu(), draw_gt, draw_pred)[..., ::-1]
        if show:
            self.show(picture, win_name=name, wait_time=wait_time)
        else:
            self.add_image(name, picture, step)
        if out_file is not None:
            path = Path(out_file)
            if data_sample is not None:
                # The name must stay one folder below.
                folder = re.sub(r'[/\\]|^\.+', '_', name_of_sample(data_sample.metainfo))
                path = path.parent / folder / path.name
            is_encoded, content = cv2.imencode(
                path.suffix, np.ascontiguousarray(picture[..., ::-1])
            )
            if not is_encoded:
                raise ValueError(f'{path}: the picture cannot be encoded as {path.suffix}.')
            write_atomically(path, content.tobytes())

    def _draw(self, bgr: np.ndarray, sample: Any, draw_gt: bool, draw_pred: bool) -> np.ndarray:
        truth, found = sample.get('gt_instances'), sample.get('pred_track_instances')
        true_box = None if truth is None else _box_xywh(truth)
        length = sample.get('video_length')
        header = FrameHeader(
            name_of_sample(sample.metainfo),
            int(sample.get('frame_id', 0)),
            None if length is None else int(length) - 1,
            absent=true_box is not None and not np.isfinite(true_box).all(),
        )
        boxes = []
        if draw_pred and found is not None:
            score = float(found.scores[0]) if 'scores' in found else None
            lost = bool(found.lost[0]) if 'lost' in found else None
            boxes.append(LabelledBox.of_tracker(self.label, 0, _box_xywh(found), score, lost))
        return draw_frame(np.ascontiguousarray(bgr), boxes, header, true_box if draw_gt else None)


def _box_xywh(instances: InstanceData) -> List[float]:
    """First box x, y, w, h in image px; NaN without a box."""
    if not len(instances.get('bboxes', ())):
        return [math.nan] * 4
    x1, y1, x2, y2 = map(float, instances.bboxes[0])
    return [x1, y1, x2 - x1, y2 - y1]
