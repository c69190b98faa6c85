"""Post-training quantisation of an exported tracker by ONNX Runtime."""

from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Iterable, List, Sequence, Tuple, Union

import numpy as np

from mmeatrack.deploy import DeployedTracker, read_export
from mmeatrack.deploy.folder import TRACK, TRACK_INT8
from mmeatrack.deploy.runtimes import Feed
from mmeatrack.files.atomic import write_atomically

# A video: its frames, and the target's box in the first one.
Video = Tuple[Iterable[np.ndarray], Sequence[float]]


def quantise(folder: Union[str, Path], videos: Iterable[Video], every: int = 4) -> int:
    """Add ``int8.onnx`` to an export: the transformer's matrix products with 8-bit weights.

    Activation ranges are calibrated on the search crops of every ``every``-th frame of the videos,
    tracked by the exported tracker; weight ranges are per channel. Stem, head, softmax and norms
    stay in float32: the box's size is read at one cell, so that no averaging removes its error.
    Returns the number of calibration crops.

    Raises:
        ImportError: If onnx or onnxruntime is not installed.
        ValueError: If the videos have no frame to calibrate on.
    """
    try:
        import onnx
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError as error:
        raise ImportError('int8 is made by ONNX Runtime: pip install onnx onnxruntime.') from error
    folder = Path(folder)
    feeds = _calibration_feeds(folder, videos, every)
    if not feeds:
        raise ValueError('the calibration videos have too few frames: give longer ones.')
    with TemporaryDirectory() as scratch:
        prepared, quantised = Path(scratch, 'prepared.onnx'), Path(scratch, TRACK_INT8)
        quant_pre_process(str(folder / TRACK), str(prepared), skip_symbolic_shape=True)
        nodes = onnx.load(str(prepared)).graph.node
        quantization.quantize_static(
            str(prepared),
            str(quantised),
            SimpleNamespace(get_next=partial(next, iter(feeds), None)),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
            reduce_range=True,  # 8-bit products overflow on processors without VNNI
            op_types_to_quantize=['MatMul'],
            nodes_to_exclude=[node.name for node in nodes if '/peak_branches/' in node.name],
            extra_options=dict(MatMulConstBOnly=True),
        )
        write_atomically(folder / TRACK_INT8, quantised.read_bytes())
    read_export(folder).write(folder)
    return len(feeds)


def _calibration_feeds(folder: Path, videos: Iterable[Video], every: int) -> List[Feed]:
    """Inputs of ``track.onnx`` in every ``every``-th tracked frame of the videos."""
    kept: List[Feed] = []
    tracker = DeployedTracker(folder)
    run, seen = tracker.run_track, count()

    def record(feed: Feed) -> Any:
        if next(seen) % every == 0:
            kept.append(feed)
        return run(feed)

    tracker.run_track = record
    for frames, bbox in videos:
        for _ in tracker.follow(frames, bbox):
            pass
    return kept
