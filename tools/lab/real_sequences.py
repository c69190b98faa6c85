"""Compare trackers on a folder of real sequences: success, precision and frames a second.

Each sequence is a folder with img/*.jpg and groundtruth_rect.txt (x,y,w,h a line). All trackers run
in this process by turns, a sequence at a time and each on one thread; frames a second are those of
processor time, which other work on the machine hardly changes. --wrong-template also runs
ours with the template of another sequence: a tracker that does as well with that one does not look
at its template.
"""

import argparse
import itertools
import json
import sys
import time
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import cv2
import numpy as np

if TYPE_CHECKING:
    from mmeatrack.evaluation.ope import OPEScores

EXAMPLE = """example:
  python tools/lab/real_sequences.py data/real_sequences --csrt \\
      --ours student=CONFIG.py,student.pth --nanotrack backbone.onnx head.onnx
"""
Box = Tuple[float, float, float, float]
# All frames and the first box to a box for each frame.
Run = Callable[[List[np.ndarray], Box], Iterator[Box]]


class Clip(NamedTuple):
    """A sequence: name, paths of the frames, and boxes (N, 4), x, y, w, h, NaN where absent."""

    name: str
    frames: List[Path]
    boxes: np.ndarray


class Entry(NamedTuple):
    """Scores of a tracker, and its frames a second of processor time, from frame to box."""

    scores: 'OPEScores'
    fps: float

    @property
    def error(self) -> float:
        """Standard error of the success over the sequences; 0 for a single one."""
        found = [each.success_auc for each in self.scores.per_sequence.values()]
        return float(np.std(found, ddof=1) / len(found) ** 0.5) if len(found) > 1 else 0.0


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    from mmengine.config import DictAction

    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('folder', type=Path, help='folder of sequences')
    add(
        '--ours',
        nargs='+',
        default=[],
        metavar='NAME=CONFIG,CHECKPOINT',
        help='trackers of this package; NAME=TRACKER for one that load_tracker knows',
    )
    named = 'NAME=DIR[,BACKEND[,PRECISION]]'
    add('--deployed', nargs='+', default=[], metavar=named, help='exported trackers')
    add('--temporal', action='store_true', default=None, help='adapt to the target')
    add('--no-temporal', action='store_false', dest='temporal')
    add('--wrong-template', action='store_true', help='run ours with a wrong template, too')
    add('--nanotrack', nargs=2, metavar='ONNX', help='backbone and head for cv2.TrackerNano')
    add('--csrt', action='store_true', help="OpenCV's CSRT (opencv-contrib-python)")
    add('--max-frames', type=int, help='first frames of each sequence (default: all)')
    add('--out', type=Path, default=Path('work_dirs/real_sequences'), help='folder of results')
    add('--cfg-options', nargs='+', action=DictAction, help='values of the configs, KEY=VALUE')
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Run all trackers, print the table and write the plots; 1 if something cannot be used."""
    import torch

    args = parse_args(argv)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        sequences = list(read_sequences(args.folder, args.max_frames))
        report = compare(build_trackers(args, sequences), sequences)
    except (FileNotFoundError, ValueError, RuntimeError) as error:
        print(f'real_sequences.py: {error}', file=sys.stderr)
        return 1
    write(report, args.out)
    return 0


def read_sequences(folder: Path, max_frames: Optional[int]) -> Iterator[Clip]:
    """The sequences of a folder, by name.

    Raises:
        FileNotFoundError: If there is none.
    """
    from mmeatrack.files.ground_truth import load_ground_truth

    truth = load_ground_truth(folder)
    for name, boxes in truth.boxes.items():
        frames = sorted((folder / name / 'img').glob('*.jpg'))[: len(boxes)][:max_frames]
        yield Clip(name, frames, boxes[: len(frames)])


def build_trackers(args: argparse.Namespace, sequences: List[Clip]) -> Dict[str, Run]:
    """Trackers to compare, by name.

    Raises:
        ValueError: If there is nothing, or this OpenCV lacks a tracker.
    """
    from mmeatrack.apis import load_tracker

    trackers: Dict[str, Run] = {}
    for each in args.ours:
        name, _, sources = each.partition('=')
        model = load_tracker(
            *sources.split(','),
            device='cpu',
            cfg_options=args.cfg_options,
            temporal=args.temporal,
        )
        trackers[name] = run_ours(model)
        if args.wrong_template:
            trackers[f'{name}, wrong template'] = run_misled(model, sequences)
    for each in args.deployed:
        name, _, sources = each.partition('=')
        trackers[name] = run_deployed(*sources.split(','))
    if args.nanotrack:
        trackers['NanoTrack v2'] = run_nanotrack(*args.nanotrack)
    if args.csrt:
        if not hasattr(cv2, 'TrackerCSRT_create'):
            raise ValueError('--csrt: this OpenCV has none; install opencv-contrib-python.')
        trackers['CSRT'] = run_opencv(cv2.TrackerCSRT_create)
    if not trackers:
        raise ValueError('nothing to compare: give --ours, --deployed, --nanotrack or --csrt.')
    return trackers


def run_ours(model: Any) -> Run:
    """A tracker of this package."""
    from mmeatrack.apis import track_frames

    def run(frames: List[np.ndarray], box: Box) -> Iterator[Box]:
        return (result.box_xywh for result in track_frames(model, frames, box))

    return run


def run_deployed(folder: str, backend: str = 'onnxruntime', precision: str = 'fp32') -> Run:
    """An exported tracker, on one thread."""
    from mmeatrack.deploy import DeployedTracker

    tracker = DeployedTracker(folder, backend, precision)
    return lambda frames, box: (result.box_xywh for result in tracker.follow(frames, box))


def run_misled(model: Any, sequences: List[Clip]) -> Run:
    """The same, with the template of the sequence that comes next."""
    import torch

    from mmeatrack.apis import track_frames
    from mmeatrack.models.wrappers import find_tracker

    tracker, turn = find_tracker(model), itertools.count(1)

    def run(frames: List[np.ndarray], box: Box) -> Iterator[Box]:
        other = sequences[next(turn) % len(sequences)]
        x, y, w, h = (float(value) for value in other.boxes[0])
        pixels = torch.from_numpy(read(other.frames[0])).permute(2, 0, 1)[None]
        for number, result in enumerate(track_frames(model, frames, box)):
            if number == 0:
                with torch.no_grad():
                    wrong = tracker.encode_template(pixels, (x + w / 2, y + h / 2, w, h))
                state = tracker.state
                state.template = state.active_template = wrong
                state.temporal = None if state.temporal is None else wrong
            yield result.box_xywh

    return run


def run_nanotrack(backbone: str, head: str) -> Run:
    """OpenCV's NanoTrack on given networks."""
    parameters = cv2.TrackerNano_Params()
    parameters.backbone, parameters.neckhead = backbone, head
    return run_opencv(lambda: cv2.TrackerNano_create(parameters))


def run_opencv(create: Callable[[], Any]) -> Run:
    """A tracker of OpenCV's; where it sees nothing, the last box stays."""

    def run(frames: List[np.ndarray], box: Box) -> Iterator[Box]:
        tracker = create()
        tracker.init(frames[0], tuple(round(value) for value in box))
        yield box
        for frame in frames[1:]:
            found, new_box = tracker.update(frame)
            box = new_box if found else box
            yield box

    return run


def read(path: Path) -> np.ndarray:
    """A frame.

    Raises:
        ValueError: If the file is no image.
    """
    frame = cv2.imread(str(path))
    if frame is None:
        raise ValueError(f'{path} is no image.')
    return frame


def compare(trackers: Dict[str, Run], sequences: List[Clip]) -> Dict[str, Entry]:
    """Run all trackers on all sequences by turns; a report entry for each."""
    from mmeatrack.evaluation.ope import ope_scores

    boxes: Dict[str, Dict[str, np.ndarray]] = {name: {} for name in trackers}
    seconds = dict.fromkeys(trackers, 0.0)
    for number, sequence in enumerate(sequences):
        frames = [read(path) for path in sequence.frames]
        names = list(trackers)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            box: Box = tuple(float(value) for value in sequence.boxes[0])  # type: ignore
            begun = trackers[name](frames, box)
            found = [next(begun)]
            began = time.process_time()
            found.extend(begun)
            seconds[name] += time.process_time() - began
            boxes[name][sequence.name] = np.array(found)
    total = sum(len(sequence.frames) - 1 for sequence in sequences)
    truth = {sequence.name: sequence.boxes for sequence in sequences}
    report = {}
    for name, found in boxes.items():
        scores = ope_scores(found, truth, absent='miss')
        report[name] = Entry(scores, total / seconds[name])
    return report


def write(report: Dict[str, Entry], out: Path) -> None:
    """Print the table; write it, the numbers and the success plot."""
    from mmeatrack.evaluation.report import TrackerReport
    from mmeatrack.evaluation.tables import markdown_table
    from mmeatrack.files.atomic import write_atomically
    from mmeatrack.visualization.ope_plots import plot_curves

    names = list(next(iter(report.values())).scores.per_sequence)
    header = ['tracker', 'success', 'precision', 'frames/s', *names]
    rows, numbers = [], {}
    for name, entry in report.items():
        scores = entry.scores
        row = [name, f'{100 * scores.success_auc:.1f} ± {100 * entry.error:.1f}']
        row += [f'{100 * scores.precision20:.1f}', f'{entry.fps:.0f}']
        found = {key: (e.success_auc, e.precision20) for key, e in scores.per_sequence.items()}
        row += [
            f'{100 * success:.0f}/{100 * precision:.0f}' for success, precision in found.values()
        ]
        rows.append(row)
        numbers[name] = dict(
            success=scores.success_auc,
            success_error=entry.error,
            precision=scores.precision20,
            fps=entry.fps,
            sequences=found,
        )
    table = markdown_table(header, rows)
    print(table)
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / 'table.md', table + '\n')
    write_atomically(out / 'scores.json', json.dumps(numbers, indent=1))
    reports = {name: TrackerReport(entry.scores) for name, entry in report.items()}
    plot_curves(reports, 'success', out / 'success.png', 'real sequences')


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
