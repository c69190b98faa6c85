"""A toy tracker with all of its parts, and its export."""

from pathlib import Path
from typing import Any, List, NamedTuple

import numpy as np

from tests.toys import build, mmtrack_scope, tracker_cfg, video

BOX_XYWH = (70.0, 50.0, 20.0, 20.0)


class Exported(NamedTuple):
    """A tracker in PyTorch, and the folder of its export."""

    tracker: Any
    folder: Path


def frames(count: int, seed: int = 0) -> List[np.ndarray]:
    return [f[0].permute(1, 2, 0).numpy().copy() for f in video(count, seed)]


def toy() -> Any:
    """Tracker with temporal adaptation every 3 frames and all box settings."""
    with mmtrack_scope():
        tracker = build(
            tracker_cfg(
                backbone=dict(stem='conv', box_embed=True, embed_dims=16),
                temporal=dict(type='mmeatrack.TargetStore', threshold=0.0, interval=3),
                confidence=dict(
                    type='mmeatrack.CalibratedConfidence', weights=[1, 0.2, 2, 0.5, -3], bias=-1.0
                ),
                test_cfg=dict(size_smoothing=0.5, size_prior=0.1, lost_search_factor=5.0),
            )
        )
    return tracker.eval()
