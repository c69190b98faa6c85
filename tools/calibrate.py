"""Calibrate a tracker's score to the probability that its box is right (IoU of 0.5 or more).

Tracks the sequences of a folder in DTB70's layout, which should be neither training nor test data,
and fits mmeatrack.CalibratedConfidence to the cues of all frames. The reported scores are measured
on held-out sequences, by 5-fold cross-validation. Writes calibration.json, whose `confidence` goes
into the model's config, and reliability.png.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple

from mmeatrack.files.command_line import add_output_folder, run_tool, tool_parser
from mmeatrack.files.outputs import claimed_outputs

if TYPE_CHECKING:
    import numpy as np

EXAMPLE = """example, after `make demo`:
  python tools/make_synthetic_uav.py --out data/calibration --size 320x240 --train 1 --test 60 \\
      --test-frames 100 --seed 7
  python tools/calibrate.py configs/eatrack/eatrack_micro_temporal_synthetic-uav.py \\
      work_dirs/demo/distilled/iter_500_student.pth data/calibration/test
"""
FOLDS = 5


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('config', help='config of the tracker, with its temporal adaptation')
    add('checkpoint', nargs='+', help='weights; several seeds are fitted together')
    add('data', type=Path, help='folder of <seq>/img/*.jpg and <seq>/groundtruth_rect.txt')
    add('--device', help='cpu, cuda:0 ... (default: a GPU if there is one)')
    add_output_folder(parser, 'work_dirs/calibration')
    return parser.parse_args(argv)


def calibrate(args: argparse.Namespace) -> None:
    """Track the sequences with each checkpoint, fit the confidence, print and write the report."""
    outputs = [args.out / name for name in ('calibration.json', 'reliability.png')]
    inputs = [args.config, *args.checkpoint, args.data]
    with claimed_outputs(outputs, inputs, tool='calibrate.py', overwrite=args.overwrite):
        fit_and_report(*track_all(args), *outputs)


def fit_and_report(
    cues: 'np.ndarray',
    peaks: 'np.ndarray',
    right: 'np.ndarray',
    fold: 'np.ndarray',
    report_path: Path,
    picture_path: Path,
) -> None:
    """Fit the confidence to all frames, and report its cross-validated scores.

    Args:
        cues: (N, 5).
        peaks: (N,), peaks of the score map.
        right: (N,), whether the box is right.
        fold: (N,), fold of the frame's sequence.
        report_path: JSON file.
        picture_path: Reliability plot.
    """
    import numpy as np

    from mmeatrack.evaluation.calibration import calibration_summary, reliability
    from mmeatrack.files.atomic import write_atomically
    from mmeatrack.tracking.calibrated_confidence import fit_confidence
    from mmeatrack.visualization import plot_reliability

    scores = np.empty(len(right))
    for k in range(FOLDS):
        fit = fit_confidence(cues[fold != k], right[fold != k])
        scores[fold == k] = 1 / (1 + np.exp(-(cues[fold == k] @ fit[:-1] + fit[-1])))
    fit = fit_confidence(cues, right)
    confidence = dict(
        type='mmeatrack.CalibratedConfidence',
        weights=[round(float(each), 3) for each in fit[:-1]],
        bias=round(float(fit[-1]), 3),
    )
    named = {'calibrated': scores, 'peak of the score map': peaks}
    summary = {name: calibration_summary(each, right) for name, each in named.items()}
    report = dict(confidence=confidence, left_out=summary, folds=FOLDS)
    write_atomically(report_path, json.dumps(report, indent=2))
    plot_reliability({name: reliability(each, right) for name, each in named.items()}, picture_path)
    print(f'{len(right)} frames, {100 * right.mean():.0f} % of them right')
    for name, found in summary.items():
        area = 'undefined' if found['auroc'] is None else f'{found["auroc"]:.3f}'
        print(f'{name:<24} AUROC {area}   expected calibration error {found["ece"]:.3f}')
    print(f'confidence = {confidence}\n{report_path}, {picture_path.name}')


def track_all(
    args: argparse.Namespace,
) -> Tuple['np.ndarray', 'np.ndarray', 'np.ndarray', 'np.ndarray']:
    """Cue vectors (N, 5), peaks (N,), correctness (N,) and folds (N,) of all tracked frames."""
    import numpy as np
    from tqdm import tqdm

    from mmeatrack.apis import load_tracker
    from mmeatrack.files.ground_truth import load_ground_truth

    truth = load_ground_truth(args.data)
    if len(truth.boxes) < FOLDS:
        raise ValueError(
            f'{args.data} has {len(truth.boxes)} sequences; {FOLDS}-fold cross-validation needs at '
            f'least {FOLDS}.'
        )
    parts: List[Tuple[Any, ...]] = []
    for checkpoint in args.checkpoint:
        tracker = load_tracker(args.config, checkpoint, args.device)
        for number, name in enumerate(tqdm(truth.boxes, desc=f'track, {Path(checkpoint).name}')):
            cues, peaks, right = track_one(tracker, args.data / name, truth.boxes[name])
            parts.append((cues, peaks, right, np.full(len(peaks), number % FOLDS)))
    cues, peaks, right, fold = map(np.concatenate, zip(*parts))
    return cues, peaks, right, fold


def track_one(
    tracker: Any, folder: Path, truth: 'np.ndarray'
) -> Tuple['np.ndarray', 'np.ndarray', 'np.ndarray']:
    """Cue vectors, peaks and correctness of all frames of a sequence but the first."""
    import numpy as np

    from mmeatrack.apis import open_frames, track_frames
    from mmeatrack.evaluation.calibration import is_right
    from mmeatrack.models.wrappers import find_tracker
    from mmeatrack.tracking.calibrated_confidence import CueFeatures

    features, rows, peaks, boxes = CueFeatures(), [], [], []
    for result in track_frames(tracker, open_frames(str(folder / 'img')), truth[0]):
        boxes.append(result.box_xywh)
        if len(boxes) > 1:
            cues = find_tracker(tracker).state.cues
            rows.append(features.update(cues))
            peaks.append(cues.peak)
    right = is_right(np.array(boxes), truth[: len(boxes)])[1:]
    return np.array(rows), np.array(peaks), right


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(calibrate, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
