"""What temporal adaptation is measured against: a temporal slot that the ground truth fills."""

from typing import Any, Optional, Sequence

import torch
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmeatrack.engine.hooks.temporal_adaptation_hook import find_tracker
from mmeatrack.registry import HOOKS


@HOOKS.register_module()
class ReferenceViewsHook(Hook):
    """Fills the temporal slot of a test run from the ground truth, in place of a Target Store.

    At first the slot shows the first frame's template. With an interval it then shows the true
    target of a frame every so often: what this gains no store can gain by choosing its views
    better. Without one it stays, which tells what comes from a slot that is filled at all.

    It is for analysis: results of a tracker that sees the truth are no results.

    Args:
        interval: Frames between views, at least 1; None for the first frame's alone. Where the
            target is absent the last view stays.

    Raises:
        ValueError: If the interval is below 1, or a Target Store is on.
    """

    def __init__(self, interval: Optional[int] = None) -> None:
        if interval is not None and interval < 1:
            raise ValueError(f'interval={interval} must be at least 1, or None.')
        self.interval = interval

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Optional[Sequence[Any]] = None,
    ) -> None:
        """Fill the slot for the frames to come."""
        info = outputs[0].metainfo if outputs else {}
        frame, tracker = info.get('frame_id', 0), find_tracker(runner.model)
        if tracker.state.store is not None:
            raise ValueError(
                'ReferenceViewsHook and a Target Store both fill the temporal slot: remove '
                'TemporalAdaptationHook from custom_hooks, and `temporal` from the model.'
            )
        if frame == 0:
            tracker.state.temporal = tracker.state.template
        elif self.interval is not None and frame % self.interval == 0:
            self._show_truth(tracker, data_batch, info['instances'][0]['bbox'])

    def _show_truth(self, tracker: Any, data_batch: Any, box_xyxy: Sequence[float]) -> None:
        truth = torch.as_tensor(box_xyxy, dtype=torch.float64)
        if truth.isfinite().all() and (truth[2:] > truth[:2]).all():
            img = tracker.data_preprocessor(data_batch, False)['inputs']['img'][0]
            cx, cy, w, h = bbox_xyxy_to_cxcywh(truth).tolist()
            tracker.state.temporal = tracker.encode_template(img, (cx, cy, w, h))
