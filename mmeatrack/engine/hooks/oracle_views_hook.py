"""Upper bound of temporal adaptation: a temporal slot that shows the true target."""

import warnings
from typing import Any

import torch
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmeatrack.models.wrappers import find_tracker
from mmeatrack.registry import HOOKS


@HOOKS.register_module()
class OracleViewsHook(Hook):
    """Fills the temporal slot of a test run from the ground truth, in place of a Target Store.

    What this gains no store can gain by choosing its views better. It is for analysis: results of
    a tracker that sees the truth are no results.

    Args:
        interval: Frames between views, at least 1. Where the target is absent the last one stays.

    Raises:
        ValueError: If the interval is below 1, or a Target Store is on.
    """

    def __init__(self, interval: int = 5) -> None:
        if interval < 1:
            raise ValueError(f'interval={interval} must be at least 1.')
        self.interval = interval

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Fill the slot for the frames to come."""
        info = outputs[0].metainfo if outputs else {}
        frame, tracker = info.get('frame_id', 0), find_tracker(runner.model)
        if tracker.state.store is not None:
            raise ValueError(
                f'{type(self).__name__} and a Target Store both fill the temporal slot: remove '
                'TemporalAdaptationHook from custom_hooks, and `temporal` from the model.'
            )
        if frame == 0 or frame % self.interval:
            return
        truth = torch.as_tensor(info['instances'][0]['bbox'], dtype=torch.float64)
        if truth.isfinite().all() and (truth[2:] > truth[:2]).all():
            img = tracker.data_preprocessor(data_batch, False)['inputs']['img'][0]
            cx, cy, w, h = bbox_xyxy_to_cxcywh(truth).tolist()
            tracker.state.temporal = tracker.encode_template(img, (cx, cy, w, h))


@HOOKS.register_module()
class TrueViewsHook(OracleViewsHook):
    """Former name of :class:`OracleViewsHook`."""

    def __init__(self, interval: int = 5) -> None:
        warnings.warn(
            'mmeatrack.TrueViewsHook is now called mmeatrack.OracleViewsHook; the old name will '
            'go with the next release.',
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(interval)
