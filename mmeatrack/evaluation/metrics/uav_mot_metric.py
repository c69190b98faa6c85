"""mmtrack's MOTChallenge metric with ignored regions and several classes."""

import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import torch
from mmtrack.evaluation import MOTChallengeMetrics

from mmeatrack.registry import METRICS

_MOST_INSIDE = 0.5


@METRICS.register_module()
class UAVMOTMetric(MOTChallengeMetrics):
    """HOTA, MOTA and IDF1 as mmtrack and trackeval compute them, by VisDrone's rules.

    A box with at least half of its area in ignored regions counts neither as found nor as false.
    Classes are scored separately: a track matches targets of its own class only. The reported
    numbers are totals over all classes and videos.

    Args:
        by_class: False scores all classes as one, as UAVDT does.
        benchmark: mmtrack's name of the rules: 'MOT15' takes the targets as they are, others
            leave out targets that MOTChallenge does not score.
        kwargs: Arguments of mmtrack's ``MOTChallengeMetrics``.
    """

    def __init__(self, by_class: bool = True, benchmark: str = 'MOT15', **kwargs: Any) -> None:
        super().__init__(benchmark=benchmark, **kwargs)
        self.by_class = by_class

    def process(self, data_batch: Optional[dict], data_samples: Sequence[dict]) -> None:
        """Take in frames, each once for each class."""
        for sample in data_samples:
            for part in self._parts(_outside_regions(sample)):
                super().process(data_batch, [part])

    def _parts(self, sample: dict) -> List[dict]:
        """Return the frame as a frame of one video for each class."""
        classes = (self.dataset_meta or {}).get('CLASSES', ('target',))
        if not self.by_class or len(classes) == 1:
            return [sample]
        *_, video, folder, image = sample['img_path'].split(os.sep)
        labels = sample['pred_track_instances']['labels']
        return [
            dict(
                sample,
                img_path=os.sep.join((f'{video}-{name}', folder, image)),
                instances=[each for each in sample['instances'] if each['bbox_label'] == label],
                pred_track_instances=_chosen(sample['pred_track_instances'], labels == label),
            )
            for label, name in enumerate(classes)
        ]

    def _save_one_video_gts_preds(self, seq: str) -> None:
        """Write a video's text files; trackeval needs one even if there is no target."""
        super()._save_one_video_gts_preds(seq)
        Path(self.gt_dir, f'{seq}.txt').touch()


def _outside_regions(sample: dict) -> dict:
    """Return the frame without ignored regions and without the boxes in them."""
    scored = [each for each in sample['instances'] if not each['ignore_flag']]
    regions = [each['bbox'] for each in sample['instances'] if each['ignore_flag']]
    if not regions:
        return dict(sample, instances=scored)
    ignored = np.zeros(sample['ori_shape'][:2], bool)
    for x1, y1, x2, y2 in map(_pixels, regions):
        ignored[y1:y2, x1:x2] = True

    def is_outside(box: Sequence[float]) -> bool:
        x1, y1, x2, y2 = _pixels(box)
        area = (box[2] - box[0]) * (box[3] - box[1])
        return not ignored[y1:y2, x1:x2].sum() >= _MOST_INSIDE * area

    found = sample['pred_track_instances']
    outside = torch.tensor([is_outside(box) for box in found['bboxes'].tolist()], dtype=torch.bool)
    return dict(
        sample,
        instances=[each for each in scored if is_outside(each['bbox'])],
        pred_track_instances=_chosen(found, outside.to(found['bboxes'].device)),
    )


def _pixels(box: Sequence[float]) -> List[int]:
    """Round a box, xyxy in image px, to whole pixels from 0."""
    return np.round(box).astype(int).clip(min=0).tolist()


def _chosen(found: Dict[str, torch.Tensor], mask: torch.Tensor) -> Dict[str, torch.Tensor]:
    names = ('bboxes', 'labels', 'scores', 'instances_id')
    return {name: found[name][mask] for name in names if name in found}
