"""Memory of the Target Store along a video."""

import gc
import sys
from types import FunctionType, ModuleType
from typing import Any, Callable, List, NamedTuple, Union

import numpy as np
import torch
from torch import Tensor

from lab.costs.peak_memory import check_process_memory, resident_bytes
from lab.costs.report import BenchmarkReport
from mmeatrack.tracking import TargetStore

# Most memory of a video's second half, relative to its first half.
BOUND = 1.01
_TOKENS, _CHANNELS, _FRAME_SIDE = 4, 16, 16


class MemorySample(NamedTuple):
    """Memory at a frame.

    Attributes:
        frame: Number of frames offered so far.
        entries: Number of views in the store.
        store_bytes: Bytes reachable from the store: tokens, the candidate with its frame, and
            Python objects.
        process_bytes: Resident memory of the process, libraries included.
    """

    frame: int
    entries: int
    store_bytes: int
    process_bytes: int


def feed_store(
    frames: int,
    capacity: int = 5,
    threshold: Union[float, str] = 0.6,
    interval: Union[int, str] = 10,
    samples: int = 100,
    on_sample: Callable[[int], object] = lambda n: None,
) -> List[MemorySample]:
    """Offer frames with random scores to a store, as a tracker does, and sample its memory.

    Samples are even over the frames; ``on_sample`` is called with the number of frames between two.

    Raises:
        ValueError: If ``frames`` is not a multiple of ``samples``.
        RuntimeError: If the system does not report a process's memory.
    """
    if samples < 2 or frames < samples or frames % samples:
        raise ValueError(f'frames={frames} must be a positive multiple of {max(samples, 2)}.')
    check_process_memory()
    store = TargetStore(threshold=threshold, interval=interval, capacity=capacity)
    template = torch.zeros(1, _TOKENS, _CHANNELS)
    scores, found, every = np.random.default_rng(0).random(frames), [], frames // samples
    for number in range(1, frames + 1):
        score = float(scores[number - 1])
        store.offer(number, score, (8.0, 8.0, 4.0, 4.0), _encoder_of_new_frame(number))
        if number % every == 0:
            held = reachable_bytes(store)
            found.append(MemorySample(number, len(store.entries), held, resident_bytes()))
            on_sample(every)
        if store.due(number, score):
            store.read(template)
    return found


def reachable_bytes(root: Any) -> int:
    """Bytes of all objects that ``root`` keeps alive, including storages of tensors.

    Classes, modules and globals of functions are not counted: they exist without it.
    """
    seen, stack, total = set(), [root], 0
    while stack:
        item = stack.pop()
        if id(item) in seen or isinstance(item, (type, ModuleType)):
            continue
        seen.add(id(item))
        total += sys.getsizeof(item)
        if isinstance(item, Tensor):
            storage = item.untyped_storage() if hasattr(item, 'untyped_storage') else item.storage()
            if storage.data_ptr() not in seen:
                seen.add(storage.data_ptr())
                total += storage.nbytes()
        elif isinstance(item, FunctionType):
            stack += item.__closure__ or ()
        else:
            stack += gc.get_referents(item)
    return total


def report_store(report: BenchmarkReport, name: str, found: List[MemorySample]) -> None:
    """Add the peak memory of each fifth of the video, and compare its halves."""
    fifths = np.array_split(np.arange(len(found)), min(5, len(found)))
    rows = []
    for part in fifths:
        samples = [found[i] for i in part]
        rows.append(
            [
                f'{samples[-1].frame}',
                f'{max(each.entries for each in samples)}',
                f'{max(each.store_bytes for each in samples)}',
                f'{max(each.process_bytes for each in samples) / 2**20:.1f}',
            ]
        )
    header = [f'to frame ({name})', 'entries', 'bytes held by the store', 'MiB of the process']
    report.table(header, rows)
    middle = len(found) // 2
    for key, what in (('store_bytes', 'store'), ('process_bytes', 'process')):
        first, second = (
            max(getattr(each, key) for each in half) for half in (found[:middle], found[middle:])
        )
        report.verdict(f'{name}: most memory of the {what}, 2nd / 1st half', second / first, BOUND)


def _encoder_of_new_frame(number: int) -> Callable[[], Tensor]:
    """Encoder of a tracker's offer, which holds the frame until its view is taken."""
    image = torch.full((1, 3, _FRAME_SIDE, _FRAME_SIDE), number % 256, dtype=torch.uint8)
    return lambda: image[0, 0, :_TOKENS].float()[None]
