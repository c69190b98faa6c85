"""A tracker that reports its target as lost in two frames of each video."""

from typing import List

import torch
from mmengine.structures import InstanceData
from torch import Tensor

from mmeatrack.registry import MODELS
from tests.toy_benchmark import DriftTracker

LOST_FRAMES = (2, 3)


@MODELS.register_module(force=True)
class LosingTracker(DriftTracker):
    """Tracker whose results have ``lost`` (1,)."""

    def track(self, img: Tensor, data_samples: list) -> List[InstanceData]:
        """Follow the target; the score is low while it is lost."""
        (result,) = super().track(img, data_samples)
        lost = int(data_samples[0].frame_id) in LOST_FRAMES
        result.lost = torch.tensor([lost])
        result.scores = torch.tensor([0.12 if lost else 0.75])
        return [result]
