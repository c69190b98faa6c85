"""Export of a tracker: graphs, metadata, and the check against PyTorch."""

import inspect
from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Union

import numpy as np
import torch

from mmeatrack.apis import track_frames
from mmeatrack.deploy import DeployedTracker
from mmeatrack.deploy.folder import TEMPLATE, TRACK, TRACK_INT8, ExportedTracker
from mmeatrack.export.graphs import OPSET, template_onnx, track_onnx
from mmeatrack.files.atomic import write_atomically
from mmeatrack.models.search.fast_network import is_fast_for
from mmeatrack.tracking import CalibratedConfidence, LostDetector, TargetStore
from mmeatrack.version import __version__


@torch.no_grad()
def export_tracker(tracker: Any, folder: Union[str, Path], name: str) -> ExportedTracker:
    """Write ``template.onnx``, ``track.onnx`` and ``tracker.json``.

    Batch size and number of tokens are dynamic; no shape depends on values.

    Args:
        tracker: An :class:`EATrack` with its weights, in evaluation mode, on the CPU.
        folder: Folder of the files, created if missing.
        name: Name of the model in the metadata.

    Raises:
        ValueError: If a part of the tracker is not from this package: the deployed tracker could
            not share its code.
    """
    backbone, head = tracker.backbone, tracker.head
    if not is_fast_for(backbone, head):
        raise ValueError(
            f'{type(backbone).__name__} with {type(head).__name__} cannot be exported: the graphs '
            'are those of mmeatrack.AsymmetricViT and mmeatrack.CenterHead.'
        )
    folder = Path(folder)
    if (folder / TRACK_INT8).is_file():
        (folder / TRACK_INT8).unlink()  # it has the weights of an earlier export
    write_atomically(folder / TEMPLATE, template_onnx(tracker))
    write_atomically(folder / TRACK, track_onnx(tracker))
    parts, preprocessor = tracker.video_parts, tracker.data_preprocessor
    exported = ExportedTracker(
        name=name,
        template_size=backbone.template_size,
        search_size=backbone.search_size,
        template_tokens=backbone.template_grid**2,
        reads_template_boxes=tracker.reads_template_boxes,
        normalisation=dict(
            mean=preprocessor.mean.flatten().tolist(),
            std=preprocessor.std.flatten().tolist(),
            order='RGB' if preprocessor.channel_conversion else 'BGR',
        ),
        window=f'Hann, {backbone.search_grid} x {backbone.search_grid}',
        test_cfg=dict(tracker.test_cfg),
        lost_detector=_arguments(parts.lost_detector, LostDetector) or {},
        confidence=_arguments(parts.confidence, CalibratedConfidence),
        store=_arguments(parts.store, TargetStore),
        versions=dict(mmeatrack=__version__, torch=str(torch.__version__), opset=str(OPSET)),
    )
    exported.write(folder)
    return exported


def _arguments(part: Any, kind: type) -> Optional[Dict[str, Any]]:
    """Arguments that a part was built with; None if there is no part."""
    if part is None:
        return None
    if type(part) is not kind:
        raise ValueError(
            f'{type(part).__name__} cannot be exported, {kind.__name__} can: the deployed tracker '
            'runs without the module that defines another class.'
        )
    return {name: getattr(part, name) for name in inspect.signature(kind).parameters}


class Differences(NamedTuple):
    """Greatest differences over a video.

    Attributes:
        frames: Number of frames tracked.
        box: Difference of the boxes' x, y, w, h in image px.
        score: Difference of the scores.
        lost: Number of frames that only one of the two trackers calls lost.
    """

    frames: int
    box: float
    score: float
    lost: int

    def __str__(self) -> str:
        return (
            f'{self.frames} frames: boxes within {self.box:.4f} px, scores within '
            f'{self.score:.1e}, {self.lost} frames lost in one alone'
        )


def compare_on_frames(
    tracker: Any, deployed: DeployedTracker, frames: Iterable[np.ndarray], bbox: Sequence[float]
) -> Differences:
    """Track a video with both trackers, from the box x, y, w, h in the first frame.

    Raises:
        ValueError: If the video has fewer than two frames.
    """
    rows: List[np.ndarray] = []
    for number, result in enumerate(track_frames(tracker, frames, bbox)):
        if number == 0:
            deployed.init(result.frame, bbox)
            continue
        box, score, lost = deployed.track(result.frame)
        boxes = np.abs(np.subtract(box, result.box_xywh)).max()
        rows.append(np.array([boxes, abs(score - result.score), lost != result.lost]))
    if not rows:
        raise ValueError('the video has fewer than two frames: nothing can be compared.')
    box, score, _ = np.max(rows, axis=0).tolist()
    return Differences(len(rows), box, score, int(np.sum(rows, axis=0)[2]))
