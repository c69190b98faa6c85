"""Post-training quantisation of an exported tracker by ONNX Runtime."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

import numpy as np

from mmeatrack.deploy import DeployedTracker, read_export
from mmeatrack.deploy.folder import TRACK, TRACK_INT8
from mmeatrack.files.atomic import write_atomically

# A video: its frames, and the target's box in the first one.
Video = Tuple[Iterable[np.ndarray], Sequence[float]]


def quantise(folder: Union[str, Path], videos: Iterable[Video], every: int = 4) -> int:
    """Add ``int8.onnx`` to an export: the transformer's matrix products with weights in 8 bits.

    The ranges of activations come from search crops of the videos, one in ``every`` frames, which
    the exported tracker follows; weights have a range for each channel. Stem, head, softmax and
    norms stay in float32: a box's size is read at one cell, and no other averages its error out.
    Returns the number of calibration crops.

    Raises:
        ImportError: If onnx or onnxruntime is not installed.
        ValueError: If the videos have no frame to calibrate on.
    """
    try:
        from onnxruntime.quantization import (
            QuantFormat,
            QuantType,
            quantize_static,
            shape_inference,
        )
    except ImportError as error:
        raise ImportError('int8 is made by ONNX Runtime: pip install onnx onnxruntime.') from error
    folder = Path(folder)
    feeds = _feeds(folder, videos, every)
    if not feeds:
        raise ValueError('the calibration videos have too few frames: give longer ones.')
    with TemporaryDirectory() as scratch:
        prepared, quantised = Path(scratch, 'prepared.onnx'), Path(scratch, TRACK_INT8)
        shape_inference.quant_pre_process(
            str(folder / TRACK), str(prepared), skip_symbolic_shape=True
        )
        quantize_static(
            str(prepared),
            str(quantised),
            _Crops(feeds),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,  # 8-bit products overflow on processors without VNNI
            op_types_to_quantize=['MatMul'],
            nodes_to_exclude=_head_products(prepared),
            extra_options=dict(MatMulConstBOnly=True),
        )
        write_atomically(folder / TRACK_INT8, quantised.read_bytes())
    read_export(folder).write(folder)
    return len(feeds)


def _head_products(path: Path) -> List[str]:
    import onnx

    nodes = onnx.load(str(path)).graph.node
    return [node.name for node in nodes if '/peak_branches/' in node.name]


class _Crops:
    """Calibration inputs in the form that ONNX Runtime asks for."""

    def __init__(self, feeds: List[Dict[str, np.ndarray]]) -> None:
        self._feeds = iter(feeds)

    def get_next(self) -> Optional[Dict[str, np.ndarray]]:
        """The next input, or None at the end."""
        return next(self._feeds, None)


def _feeds(folder: Path, videos: Iterable[Video], every: int) -> List[Dict[str, np.ndarray]]:
    """Inputs of ``track.onnx`` in every so many frames of the videos."""
    kept: List[Dict[str, np.ndarray]] = []
    tracker = DeployedTracker(folder)
    run = tracker.run_track
    seen = 0

    def record(feed: Dict[str, np.ndarray]) -> Any:
        nonlocal seen
        if seen % every == 0:
            kept.append(feed)
        seen += 1
        return run(feed)

    tracker.run_track = record
    for frames, bbox in videos:
        for number, frame in enumerate(frames):
            if number == 0:
                tracker.init(frame, bbox)
            else:
                tracker.track(frame)
    return kept
