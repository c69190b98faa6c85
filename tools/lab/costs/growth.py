"""Time per frame against image size and video length, and memory along a video."""

from typing import Any, Callable, Dict, List, NamedTuple

import numpy as np

from lab.costs.peak_memory import resident_bytes
from lab.costs.report import BenchmarkReport
from lab.costs.speed import noise_video
from mmeatrack.apis import track_frames

SIZES = {'360p': (360, 640), '720p': (720, 1280), '1080p': (1080, 1920), '4K': (2160, 3840)}


def time_sizes(model: Any, frames: int) -> Dict[str, float]:
    """Median seconds per frame by image size."""
    return {name: _median(model, frames, *size) for name, size in SIZES.items()}


class Length(NamedTuple):
    """Cost of a long video.

    Attributes:
        seconds: (frames,) seconds per frame.
        resident: Resident memory of the process in bytes at the end of each tenth.
    """

    seconds: np.ndarray
    resident: List[int]


def time_length(
    model: Any, frames: int, clock: Callable[[], float], on_frame: Callable[[], object]
) -> Length:
    """Cost of a long video: 50 frames, repeated forwards and backwards."""
    video = noise_video(50, 360, 640)
    turn = [*range(50), *range(48, 0, -1)]
    endless = (video.frames[turn[i % len(turn)]] for i in range(frames))
    ends = {int(part[-1]) for part in np.array_split(np.arange(frames), 10)}
    seconds, resident = [], []
    began = clock()
    for i, _ in enumerate(track_frames(model, endless, video.boxes[0])):
        seconds.append(clock() - began)
        if i in ends:
            resident.append(resident_bytes())
        on_frame()
        began = clock()
    return Length(np.array(seconds), resident)


def report_growth(report: BenchmarkReport, sizes: Dict[str, float], length: Length) -> None:
    """Add both tables; the last tenth of the video may exceed the second by 5 %."""
    report.table(['image', 'ms per frame'], [[k, f'{1e3 * v:.1f}'] for k, v in sizes.items()])
    tenths: List[np.ndarray] = np.array_split(length.seconds, 10)
    medians = [float(np.median(each)) for each in tenths]
    header = [f'tenth of {len(length.seconds)} frames', *(f'{i + 1}' for i in range(10))]
    times = ['median ms', *(f'{1e3 * each:.2f}' for each in medians)]
    memory = ['resident MiB', *(f'{each / 2**20:.1f}' for each in length.resident)]
    report.table(header, [times, memory])
    ratio = float(np.median(tenths[-1]) / np.median(tenths[1]))
    report.verdict('frame of the last tenth / frame of the second', ratio, 1.05)
    grown = length.resident[-1] / length.resident[1]
    report.verdict('memory after the last tenth / after the second', grown, 1.05)


def _median(model: Any, frames: int, height: int, width: int) -> float:
    video = noise_video(4, height, width)  # more may not fit into memory at 4K
    frames_again = (video.frames[i % 4] for i in range(frames + 1))
    results = track_frames(model, frames_again, video.boxes[0])
    return float(np.median([result.seconds for result in results][1:]))
