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
from typing import TYPE_CHECKING, Any, Dict, Optional, Sequence

from mmeatrack.files.command_line import add_output_folder, run_tool, tool_parser
from mmeatrack.files.outputs import claimed_outputs

if TYPE_CHECKING:
    import numpy as np

    from mmeatrack.apis.calibration import TrackedCues

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
    import numpy as np

    from mmeatrack.apis import calibration, load_tracker
    from mmeatrack.files.ground_truth import load_ground_truth

    report, plot = args.out / 'calibration.json', args.out / 'reliability.png'
    inputs = [args.config, *args.checkpoint, args.data]
    with claimed_outputs([report, plot], inputs, tool='calibrate.py', overwrite=args.overwrite):
        truths = load_ground_truth(args.data).boxes
        if len(truths) < FOLDS:
            raise ValueError(
                f'{args.data} has {len(truths)} sequences; {FOLDS}-fold cross-validation needs at '
                f'least {FOLDS}.'
            )
        parts = []
        for checkpoint in args.checkpoint:
            tracker = load_tracker(args.config, checkpoint, args.device)
            title = f'track, {Path(checkpoint).name}'
            parts.append(calibration.track_cues(tracker, args.data, truths, title))
        found = calibration.TrackedCues(*map(np.concatenate, zip(*parts)))
        confidence, scores = calibration.fit_calibration(found, FOLDS)
        write_report(found, confidence, scores, report, plot)
        print(f'confidence = {confidence}\n{report}, {plot.name}')


def write_report(
    found: 'TrackedCues', confidence: Dict[str, Any], scores: 'np.ndarray', report: Path, plot: Path
) -> None:
    """Print and write reliability and scores of the calibrated confidence and of the peak."""
    from mmeatrack.evaluation.calibration import calibration_summary, reliability
    from mmeatrack.files.atomic import write_atomically
    from mmeatrack.visualization import plot_reliability

    named, right = {'calibrated': scores, 'peak of the score map': found.peaks}, found.right
    summary = {name: calibration_summary(each, right) for name, each in named.items()}
    content = dict(confidence=confidence, left_out=summary, folds=FOLDS)
    write_atomically(report, json.dumps(content, indent=2))
    plot_reliability({name: reliability(each, right) for name, each in named.items()}, plot)
    print(f'{len(right)} frames, {100 * right.mean():.0f} % of them right')
    for name, each in summary.items():
        area = 'undefined' if each['auroc'] is None else f'{each["auroc"]:.3f}'
        print(f'{name:<24} AUROC {area}   expected calibration error {each["ece"]:.3f}')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(calibrate, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
