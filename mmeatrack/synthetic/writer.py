"""Writer of synthetic splits in DTB70's layout, and of crowds in MOTChallenge's."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import cv2
import numpy as np

from mmeatrack.files.atomic import write_atomically

from .annotation import Annotation, annotate
from .crowd_annotation import annotate_crowd, write_crowd
from .plan import SequenceSpec, plan_sequence, sequence_name
from .renderer import render
from .scenario import SCENARIOS
from .streams import stream

GENERATOR_VERSION = 1
"""Incremented whenever the same arguments no longer give the same bytes."""
META_FILE = 'meta.json'
_PARTIAL = '.partial_'
_TRUTHS = ('groundtruth_rect.txt', 'gt/gt.txt')  # of a single target, of a crowd

Progress = Callable[[str, int], None]
"""Called with the name and the number of frames of each finished sequence."""


def split_specs(
    split: str,
    num_sequences: int,
    num_frames: int,
    frame_size: Tuple[int, int],
    seed: int = 0,
    mixing: Optional[float] = None,
    targets: int = 1,
) -> List[SequenceSpec]:
    """Specifications of the sequences of a split.

    The ``'train'`` split draws its scenarios at random, with ``mixing`` 1 by default. Any other
    split cycles through all scenarios, with ``mixing`` 0.5 by default.
    """
    if mixing is None:
        mixing = 1.0 if split == 'train' else 0.5
    specs = []
    for index in range(num_sequences):
        name = SCENARIOS[index % len(SCENARIOS)]
        if split == 'train':
            rng = stream(seed, split, index, 'dominant')
            name = SCENARIOS[int(rng.integers(len(SCENARIOS)))]
        spec = SequenceSpec(split, index, name, num_frames, frame_size, seed, mixing, targets)
        specs.append(spec)
    return specs


def write_split(
    root: Union[str, Path],
    split: str,
    num_sequences: int,
    num_frames: int,
    frame_size: Tuple[int, int] = (480, 360),
    seed: int = 0,
    jpeg_quality: int = 90,
    workers: int = 1,
    overwrite: bool = False,
    progress: Optional[Progress] = None,
    mixing: Optional[float] = None,
    targets: int = 1,
) -> List[str]:
    """Write a split, keeping sequences that an earlier run with the same arguments finished.

    Each sequence is a folder with ``img/00001.jpg`` and so on, ``groundtruth_rect.txt``
    (``x,y,w,h`` per line in pixels, the top-left corner counted from 0, ``NaN,NaN,NaN,NaN`` where
    the target is absent), ``visibility.txt`` (visible share of the target) and ``attributes.txt``
    (one name per line, the dominant one first). The bytes depend on the arguments and on the
    releases of NumPy and OpenCV, which round differently, but not on the number of workers.

    A sequence of several targets has ``img1/000001.jpg`` and so on, ``gt/gt.txt`` and
    ``seqinfo.ini`` (see :func:`~.crowd_annotation.write_crowd`), and ``attributes.txt`` of the
    target that the camera follows.

    Args:
        root: Folder of the split; created if missing.
        split: Name of the split. Splits of different names share no texture and no target.
        num_sequences: Number of sequences, at least 1.
        num_frames: Frames per sequence, at least 2; dominant effects are certain from 30 on.
        frame_size: Width and height in pixels.
        seed: Seed of the data set.
        jpeg_quality: 1 to 100.
        workers: Number of processes, at least 1.
        overwrite: Replace the split in the folder, whatever its arguments.
        progress: Called for each sequence, kept ones included.
        mixing: Strength of the secondary effects, 0 (the dominant effect alone, no traffic) to 1;
            None for the split's default, see :func:`split_specs`.
        targets: Number of targets per sequence; all look like the first.

    Returns:
        Names of the sequences, in order.

    Raises:
        ValueError: An argument is out of range.
        RuntimeError: The folder holds something other than this split.
    """
    limits = (('num_sequences', num_sequences, 1), ('workers', workers, 1), ('seed', seed, 0))
    for label, value, least in limits:
        if value < least:
            raise ValueError(f'{label} is {value}; it must be at least {least}')
    if not 1 <= jpeg_quality <= 100:
        raise ValueError(f'jpeg_quality is {jpeg_quality}; it must be 1 to 100')
    if mixing is not None and not 0 <= mixing <= 1:
        raise ValueError(f'mixing is {mixing}; it must be 0 to 1')
    specs = split_specs(split, num_sequences, num_frames, frame_size, seed, mixing, targets)
    names = [sequence_name(spec) for spec in specs]
    folder = Path(root)
    arguments = {
        'generator_version': GENERATOR_VERSION,
        'seed': seed,
        'split': split,
        'num_sequences': num_sequences,
        'num_frames': num_frames,
        'frame_size': list(frame_size),
        'jpeg_quality': jpeg_quality,
        'mixing': mixing,
    }
    if targets > 1:
        arguments['targets'] = targets
    _claim(folder, arguments, names, overwrite)
    jobs = []
    for name, spec in zip(names, specs):
        if not _finished(folder / name, spec):
            jobs.append((folder, name, spec, jpeg_quality))
        elif progress is not None:
            progress(name, num_frames)
    for name in _run(jobs, workers):
        if progress is not None:
            progress(name, num_frames)
    _write_meta(folder, arguments, names)
    return names


def _claim(folder: Path, arguments: Dict[str, Any], names: Sequence[str], overwrite: bool) -> None:
    """Ensure that the folder is empty or holds this split, and record the arguments in it."""
    folder.mkdir(parents=True, exist_ok=True)
    meta_path = folder / META_FILE
    if meta_path.exists():
        found = _read_meta(meta_path)
        differing = sorted(
            key for key in {*arguments, 'targets'} if found.get(key) != arguments.get(key)
        )
        if differing and not overwrite:
            told = ', '.join(f'{k} {found.get(k)!r} (now {arguments.get(k)!r})' for k in differing)
            raise RuntimeError(
                f'{folder} holds a split made with {told}; choose another folder, give the same '
                'arguments, or replace the split with overwrite (--overwrite)'
            )
        if differing or overwrite:
            _clear(folder, found)
    elif any(folder.iterdir()):
        raise RuntimeError(
            f'{folder} is not empty and has no {META_FILE}, so it was not written by this '
            'generator; choose another folder'
        )
    for partial in folder.glob(_PARTIAL + '*'):
        shutil.rmtree(partial)
    if not meta_path.exists():
        _write_json(meta_path, {**arguments, 'sequences': [{'name': name} for name in names]})


def _read_meta(path: Path) -> Dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except ValueError as error:
        raise RuntimeError(f'{path} is not valid JSON ({error}); choose another folder') from error
    if not isinstance(found, dict) or not isinstance(found.get('sequences'), list):
        raise RuntimeError(f'{path} does not describe a synthetic split; choose another folder')
    return found


def _clear(folder: Path, found: Dict[str, Any]) -> None:
    """Delete the sequences that the meta file names and the meta file itself, nothing else."""
    for entry in found['sequences']:
        sequence = folder / Path(str(entry.get('name', ''))).name
        if sequence != folder and any((sequence / truth).is_file() for truth in _TRUTHS):
            shutil.rmtree(sequence)
    (folder / META_FILE).unlink()


def _finished(sequence: Path, spec: SequenceSpec) -> bool:
    """True if a sequence is complete on disk."""
    single = spec.targets == 1
    truth = sequence / _TRUTHS[0 if single else 1]
    if not truth.is_file():
        return False
    if single and len(truth.read_text().splitlines()) != spec.num_frames:
        return False
    return len(list((sequence / _images(spec)).glob('*.jpg'))) == spec.num_frames


def _images(spec: SequenceSpec) -> str:
    return 'img' if spec.targets == 1 else 'img1'


def _one_thread() -> None:
    cv2.setNumThreads(1)


def _run(jobs: Sequence[Tuple[Path, str, SequenceSpec, int]], workers: int) -> Iterator[str]:
    """Write sequences in this process or in several, and yield the name of each when done."""
    if workers == 1 or len(jobs) < 2:
        yield from map(_write_sequence, jobs)
        return
    method = 'fork' if sys.platform.startswith('linux') else 'spawn'
    threads = cv2.getNumThreads()
    # A forked process must not inherit OpenCV's thread pool, whose threads a fork does not copy.
    cv2.setNumThreads(1)
    try:
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(min(workers, len(jobs)), context, _one_thread) as pool:
            yield from pool.map(_write_sequence, jobs)
    finally:
        cv2.setNumThreads(threads)


def _write_sequence(job: Tuple[Path, str, SequenceSpec, int]) -> str:
    """Write a sequence to a temporary folder, and move it into place when it is complete."""
    folder, name, spec, jpeg_quality = job
    plan = plan_sequence(spec)
    annotation = annotate(plan)
    partial = folder / (_PARTIAL + name)
    images, digits = partial / _images(spec), 5 if spec.targets == 1 else 6
    images.mkdir(parents=True)
    for number, frame in enumerate(render(plan, annotation), 1):
        options = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality]
        encoded, data = cv2.imencode('.jpg', frame.image, options)
        if not encoded:
            raise RuntimeError(f'OpenCV could not encode frame {number} of {name} as JPEG')
        (images / f'{number:0{digits}d}.jpg').write_bytes(data.tobytes())
    if spec.targets == 1:
        _write_annotation(partial, annotation)
    else:
        write_crowd(partial, name, plan, annotate_crowd(plan))
        _write_lines(partial / 'attributes.txt', annotation.attributes)
    final = folder / name
    if final.exists():
        shutil.rmtree(final)
    partial.rename(final)
    return name


def _write_annotation(sequence: Path, annotation: Annotation) -> None:
    rows = [
        'NaN,NaN,NaN,NaN' if np.isnan(box).any() else ','.join(f'{value:.2f}' for value in box)
        for box in annotation.boxes
    ]
    shares = [f'{share:.4f}' for share in annotation.visibility]
    contents = {
        'groundtruth_rect.txt': rows,
        'visibility.txt': shares,
        'attributes.txt': annotation.attributes,
    }
    for name, lines in contents.items():
        _write_lines(sequence / name, lines)


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    write_atomically(path, ''.join(line + '\n' for line in lines))


def _write_meta(folder: Path, arguments: Dict[str, Any], names: Sequence[str]) -> None:
    """Describe the finished split."""
    sequences = [
        {
            'name': name,
            'num_frames': arguments['num_frames'],
            'frame_size': arguments['frame_size'],
            'attributes': (folder / name / 'attributes.txt').read_text().split(),
        }
        for name in names
    ]
    _write_json(folder / META_FILE, {**arguments, 'sequences': sequences})


def _write_json(path: Path, content: Dict[str, Any]) -> None:
    """Write a JSON file atomically."""
    write_atomically(path, json.dumps(content, indent=2) + '\n')
