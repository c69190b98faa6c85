"""Compare trackers on a folder of real sequences: scores, frames per second, reliability.

Each sequence is a folder with img/*.jpg and groundtruth_rect.txt (one x,y,w,h per line). All
trackers run in this process, interleaved by sequence and on one thread each. Frames per second are
of processor time, which other work on the machine hardly affects. --wrong-template also runs the
trackers of this package with the template of another sequence: one that scores as well ignores its
template. For trackers with a score, a second table and reliability.png show how reliable it is, and
how often right and wrong boxes are called lost. Writes table.md, scores.json and the plots.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.real_trackers import (
    Box,
    Clip,
    Found,
    Run,
    run_deployed,
    run_misled,
    run_nanotrack,
    run_opencv,
    run_ours,
)
from mmeatrack.files.command_line import add_temporal, run_tool, tool_parser

if TYPE_CHECKING:
    from mmeatrack.evaluation.ope import OPEScores

EXAMPLE = """example:
  python tools/lab/real_sequences.py data/real_sequences --csrt \\
      --ours student=CONFIG.py,student.pth --nanotrack backbone.onnx head.onnx
"""
FILES = ('table.md', 'scores.json', 'success.png', 'reliability.png')


class Tracks(NamedTuple):
    """Boxes (N, 4), scores (N,) and lost signal (N,) of a tracker, by sequence."""

    boxes: Dict[str, np.ndarray]
    scores: Dict[str, np.ndarray]
    lost: Dict[str, np.ndarray]

    def add(self, name: str, found: List[Found]) -> None:
        """Add the results of a sequence."""
        self.boxes[name] = np.array([each.box_xywh for each in found])
        self.scores[name] = np.array([each.score for each in found])
        self.lost[name] = np.array([bool(each.lost) for each in found])


class Trust(NamedTuple):
    """Scores (M,) of all frames, correctness of the boxes (M,), and figures of reliability."""

    scores: np.ndarray
    right: np.ndarray
    numbers: Dict[str, Optional[float]]


class Entry(NamedTuple):
    """Result of a tracker; frames per second of processor time, from frame to box."""

    scores: 'OPEScores'
    fps: float
    trust: Optional[Trust] = None

    @property
    def error(self) -> float:
        """Standard error of the success over the sequences; 0 for a single one."""
        found = [each.success_auc for each in self.scores.per_sequence.values()]
        return float(np.std(found, ddof=1) / len(found) ** 0.5) if len(found) > 1 else 0.0


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    from mmengine.config import DictAction

    parser = tool_parser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('folder', type=Path, help='folder of sequences')
    add(
        '--ours',
        nargs='+',
        default=[],
        metavar='NAME=CONFIG,CHECKPOINT',
        help='trackers of this package; NAME=SHIPPED for a shipped one',
    )
    named = 'NAME=DIR[,BACKEND[,PRECISION]]'
    add('--deployed', nargs='+', default=[], metavar=named, help='exported trackers')
    add_temporal(parser)
    add('--wrong-template', action='store_true', help='also run --ours with a wrong template')
    add('--nanotrack', nargs=2, metavar='ONNX', help='backbone and head of cv2.TrackerNano')
    add('--csrt', action='store_true', help="OpenCV's CSRT (opencv-contrib-python)")
    add('--max-frames', type=int, help='frames per sequence (default: all)')
    add('--out', type=Path, default=Path('work_dirs/real_sequences'), help='folder of results')
    add('--cfg-options', nargs='+', action=DictAction, help='overrides of the configs, KEY=VALUE')
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Run the command line; 1 on an error of the input."""
    return run_tool(run, parse_args(argv))


def run(args: argparse.Namespace) -> None:
    """Run all trackers, print the tables and write the plots."""
    import torch

    from mmeatrack.files.outputs import claimed_outputs

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    outputs = [args.out / name for name in FILES]
    with claimed_outputs(outputs, [args.folder], tool='real_sequences.py'):
        sequences = list(read_sequences(args.folder, args.max_frames))
        write(compare(build_trackers(args, sequences), sequences), args.out)


def read_sequences(folder: Path, max_frames: Optional[int]) -> Iterator[Clip]:
    """Sequences of a folder.

    Raises:
        FileNotFoundError: If there is none, or one has no frames.
        ValueError: If one has a single frame, or frame names without an order.
    """
    from mmeatrack.files.frame_files import list_frames
    from mmeatrack.files.ground_truth import load_ground_truth

    truth = load_ground_truth(folder)
    for name, boxes in truth.boxes.items():
        images = folder / name / 'img'
        frames = [images / each for each in list_frames(images)][: len(boxes)][:max_frames]
        if len(frames) < 2:
            raise ValueError(
                f'{images}: two frames or more are needed, as the box of the first is given.'
            )
        yield Clip(name, frames, boxes[: len(frames)])


def build_trackers(args: argparse.Namespace, sequences: List[Clip]) -> Dict[str, Run]:
    """Trackers to compare, by name.

    Raises:
        ValueError: If there is none, or this OpenCV does not have one.
    """
    from mmeatrack.apis import load_tracker
    from mmeatrack.deploy.folder import split_export

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
        trackers[name] = run_deployed(*split_export(sources))
    if args.nanotrack:
        trackers['NanoTrack v2'] = run_nanotrack(*args.nanotrack)
    if args.csrt:
        if not hasattr(cv2, 'TrackerCSRT_create'):
            raise ValueError('--csrt: this OpenCV has no CSRT; install opencv-contrib-python.')
        trackers['CSRT'] = run_opencv(cv2.TrackerCSRT_create)
    if not trackers:
        raise ValueError('nothing to compare: give --ours, --deployed, --nanotrack or --csrt.')
    return trackers


def compare(trackers: Dict[str, Run], sequences: List[Clip]) -> Dict[str, Entry]:
    """Run all trackers on all sequences, interleaved; an entry per tracker."""
    from tqdm import tqdm

    from mmeatrack.evaluation.ope import ope_scores
    from mmeatrack.files.image_file import read_image

    tracks = {name: Tracks({}, {}, {}) for name in trackers}
    seconds = dict.fromkeys(trackers, 0.0)
    for number, sequence in enumerate(tqdm(sequences, desc='sequences')):
        frames = [read_image(path) for path in sequence.frames]
        names = list(trackers)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            box: Box = tuple(float(value) for value in sequence.boxes[0])  # type: ignore
            begun = trackers[name](frames, box)
            found = [next(begun)]
            began = time.process_time()
            found.extend(begun)
            seconds[name] += time.process_time() - began
            tracks[name].add(sequence.name, found)
    total = sum(len(sequence.frames) - 1 for sequence in sequences)
    truth = {sequence.name: sequence.boxes for sequence in sequences}
    report = {}
    for name, each in tracks.items():
        scores = ope_scores(each.boxes, truth, absent='miss')
        report[name] = Entry(scores, total / seconds[name], trust_of(each, truth))
    return report


def trust_of(tracks: Tracks, truth: Dict[str, np.ndarray]) -> Optional[Trust]:
    """Reliability of score and lost signal; None for a tracker without a score."""
    from mmeatrack.evaluation.calibration import calibration_summary, lost_rates, scored_predictions

    scores, right = scored_predictions(tracks.boxes, tracks.scores, truth)
    if np.isnan(scores).any():
        return None
    numbers = calibration_summary(scores, right)
    return Trust(scores, right, {**numbers, **lost_rates(tracks.boxes, tracks.lost, truth)})


def write(report: Dict[str, Entry], out: Path) -> None:
    """Print the tables; write them, the numbers and the plots."""
    from mmeatrack.evaluation.calibration import reliability
    from mmeatrack.evaluation.report import TrackerReport
    from mmeatrack.files.atomic import write_atomically
    from mmeatrack.visualization import plot_reliability
    from mmeatrack.visualization.ope_plots import plot_curves

    trusts = {name: entry.trust for name, entry in report.items() if entry.trust}
    tables = [score_table(report), *([trust_table(trusts)] if trusts else [])]
    print(*tables, sep='\n')
    write_atomically(out / 'table.md', '\n'.join(tables))
    numbers = {name: numbers_of(entry) for name, entry in report.items()}
    write_atomically(out / 'scores.json', json.dumps(numbers, indent=1))
    reports = {name: TrackerReport(entry.scores) for name, entry in report.items()}
    plot_curves(reports, 'success', out / 'success.png', 'real sequences')
    if trusts:
        bins = {
            f'{name}, {len(each.right)} frames': reliability(each.scores, each.right)
            for name, each in trusts.items()
        }
        plot_reliability(bins, out / 'reliability.png')


def numbers_of(entry: Entry) -> Dict[str, Any]:
    """Numbers of a tracker for JSON."""
    scores = entry.scores
    each = {key: (e.success_auc, e.precision20) for key, e in scores.per_sequence.items()}
    return dict(
        success=scores.success_auc,
        success_error=entry.error,
        precision=scores.precision20,
        fps=entry.fps,
        sequences=each,
        reliability=entry.trust and entry.trust.numbers,
    )


def score_table(report: Dict[str, Entry]) -> str:
    """Success, precision and frames per second; success and precision by sequence."""
    from mmeatrack.evaluation.tables import markdown_table

    names = list(next(iter(report.values())).scores.per_sequence)
    rows = []
    for name, entry in report.items():
        scores = entry.scores
        row = [name, f'{100 * scores.success_auc:.1f} ± {100 * entry.error:.1f}']
        row += [f'{100 * scores.precision20:.1f}', f'{entry.fps:.0f}']
        each = [scores.per_sequence[key] for key in names]
        rows.append(row + [f'{100 * e.success_auc:.0f}/{100 * e.precision20:.0f}' for e in each])
    return markdown_table(['tracker', 'success', 'precision', 'frames/s', *names], rows)


def trust_table(trusts: Dict[str, Trust]) -> str:
    """Reliability of the scores, and rates of boxes called lost."""
    from mmeatrack.evaluation.tables import markdown_table

    header = ['score', 'AUROC', 'calibration error', 'right called lost', 'wrong called lost']
    forms = dict(auroc='.3f', ece='.3f', right_called_lost='.1%', wrong_called_lost='.1%')
    rows = []
    for name, trust in trusts.items():
        found = {key: trust.numbers[key] for key in forms}
        cells = ['-' if v is None else format(v, forms[key]) for key, v in found.items()]
        rows.append([name, *cells[:-1], f'{cells[-1]} of {trust.numbers["wrong"]:.0f}'])
    return markdown_table(header, rows)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
