"""The synthetic UAV set that ``tools/make_synthetic_uav.py`` writes."""

from pathlib import Path
from typing import Any

import numpy as np

from mmeatrack.datasets.uav_sot_dataset import UAVSOTDataset
from mmeatrack.registry import DATASETS


@DATASETS.register_module()
class SyntheticUAVDataset(UAVSOTDataset):
    """Synthetic UAV sequences, in DTB70's layout.

    ``<data_root>/<seq>/visibility.txt`` gives the visible share of the target, 0 to 1, a frame a
    line.

    Args:
        min_visibility: Frames whose target is visible to a smaller share are not drawn in training.
        kwargs: Arguments of :class:`UAVSOTDataset`.
    """

    def __init__(self, *, min_visibility: float = 0.3, **kwargs: Any) -> None:
        if not 0 <= min_visibility <= 1:
            raise ValueError(f'min_visibility={min_visibility} must lie between 0 and 1')
        self.min_visibility = min_visibility
        super().__init__(**kwargs)

    def load_sequence(self, info: dict) -> dict:
        """Read one sequence, see :meth:`UAVSOTDataset.load_sequence`, and its visibility."""
        data_info = super().load_sequence(info)
        path = Path(info['ann_path']).parent / 'visibility.txt'
        try:
            visibility = np.array([float(line) for line in path.read_text().split()])
        except ValueError as error:
            raise ValueError(f'{path}: {error}; expected one number a line') from error
        if len(visibility) < len(data_info['boxes']):
            raise ValueError(
                f'{path}: {len(visibility)} lines for {len(data_info["boxes"])} frames; '
                'generate the sequence again'
            )
        return dict(data_info, visibility=visibility[: len(data_info['boxes'])])

    def get_visibility_from_video(self, video_idx: int) -> dict:
        """Return ``visible``, bool (N,), of a sequence."""
        return dict(visible=self.get_data_info(video_idx)['visibility'] >= self.min_visibility)
