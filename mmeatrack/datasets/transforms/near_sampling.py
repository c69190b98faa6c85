"""Sampling of two templates and a search frame from a part of a video."""

from typing import Any, List

import numpy as np
from mmtrack.datasets.transforms import TridentSampling

from mmeatrack.registry import TRANSFORMS


@TRANSFORMS.register_module()
class NearSampling(TridentSampling):
    """mmtrack's ``TridentSampling``, with a limit to how old the first template is.

    Without a limit a short training video shows all of its target's change between template and
    search frame, which no training set of long videos does: there pairs of OSTrack's family lie at
    most 200 frames apart. The second template lies between the first and the search frame.

    Args:
        max_template_range: Frames between first template and search frame at most, at least 1.
        kwargs: Arguments of ``TridentSampling``, one search and two template frames.

    Raises:
        ValueError: If the range is out of bounds.
    """

    def __init__(self, max_template_range: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if max_template_range < 1:
            raise ValueError(f'max_template_range={max_template_range} must be at least 1.')
        self.max_template_range = max_template_range

    def sampling_frames(self, video_visibility: np.ndarray) -> List[int]:
        """Frames of the two templates and the search frame, all with a visible target."""
        if not self.is_video_data:
            return super().sampling_frames(video_visibility)
        (search,) = self.random_sample_inds(video_visibility)
        first = self._near(video_visibility, search, search, self.max_template_range)
        second = self._near(video_visibility, search, first, self.max_frame_range[0])
        return [first, second, search]

    def _near(self, visibility: np.ndarray, frame: int, towards: int, max_range: int) -> int:
        """A visible frame at most ``max_range`` away, not beyond ``towards`` unless that is it."""
        low, high = frame - max_range, frame + max_range
        if towards < frame:
            low, high = max(low, towards), frame
        elif towards > frame:
            low, high = frame, min(high, towards)
        return self.random_sample_inds(visibility, frame_range=[low, high + 1])[0]
