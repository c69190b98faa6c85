"""Calibrate a tracker's score to the probability that its box is right (IoU of 0.5 or more).

Tracks the sequences of a folder in DTB70's layout, which should be neither training nor test data,
and fits mmeatrack.CalibratedConfidence to the cues of all frames. What is reported is measured on
sequences that were left out of the fit, a fifth at a time. Writes calibration.json, whose
`confidence` goes into the model's config, and reliability.png; files of these names that it did not
write are replaced only with --overwrite.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, List, Sequence, Tuple

if TYPE_CHECKING:
    import numpy as np

EXAMPLE = """example, after `make demo`:
  python tools/make_synthetic_uav.py --out data/calibration --size 320x240 --train 1 --test 60 \\
      --test-frames 100 --seed 7
  python tools/calibrate.py configs/eatrack/eatrack_micro_temporal_synthetic-uav.py \\
      work_dirs/demo/distilled/iter_500_student.pth data/calibration/test
"""
FOLDS = 5


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('config', help='of the tracker, with its temporal adaptation')
    add('checkpoint', nargs='+', help='one, or several of different seeds for a common fit')
    add('data', type=Path, help='folder of <seq>/img/*.jpg and <seq>/groundtruth_rect.txt')
    add('--device', default=None, help='cpu, cuda:0 ... (default: a GPU where there is one)')
    add(
        '--out',
        type=Path,
        default=Path('work_dirs/calibration'),
        help='folder of the results (default: %(default)s)',
    )
    add(
        '--overwrite',
        action='store_true',
        help='replace files of the same names that this tool did not write',
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Track, fit and report; 1 if something given cannot be used."""
    args = parse_args(argv)
    try:
        calibrate(args)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


def calibrate(args: argparse.Namespace) -> None:
    """Track the sequences with each checkpoint, fit, print and write."""
    from mmeatrack.files.outputs import claimed_outputs

    outputs = [args.out / name for name in ('calibration.json', 'reliability.png')]
    given = [args.config, *args.checkpoint, args.data]
    with claimed_outputs(outputs, given, tool='calibrate.py', overwrite=args.overwrite):
        fit_and_report(*track_all(args), *outputs)


def fit_and_report(
    cues: 'np.ndarray',
    peaks: 'np.ndarray',
    right: 'np.ndarray',
    fold: 'np.ndarray',
    report_path: Path,
    picture_path: Path,
) -> None:
    """Fit the confidence to all frames, and report it on the frames left out of a fit.

    Args:
        cues: (N, 5).
        peaks: (N,), peaks of the score map.
        right: (N,), whether the box is right.
        fold: (N,), number of the fold that the frame's sequence is in.
        report_path: The JSON file.
        picture_path: The reliability plot.
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
    """Cue vectors (N, 5), peaks (N,), whether right (N,) and fold (N,) of all tracked frames."""
    import numpy as np
    from tqdm import tqdm

    from mmeatrack.apis import load_tracker
    from mmeatrack.files.ground_truth import load_ground_truth

    truth = load_ground_truth(args.data)
    if len(truth.boxes) < FOLDS:
        raise ValueError(
            f'{args.data} has {len(truth.boxes)} sequences; {FOLDS} are needed at least, a fifth '
            'of which is left out at a time.'
        )
    parts: List[Tuple[Any, ...]] = []
    for checkpoint in args.checkpoint:
        tracker = load_tracker(args.config, checkpoint, args.device)
        for number, name in enumerate(tqdm(truth.boxes, desc=f'track, {Path(checkpoint).name}')):
            found = track_one(tracker, args.data / name, truth.boxes[name])
            parts.append((*found, np.full(len(found[1]), number % FOLDS)))
    cues, peaks, right, fold = (np.concatenate(each) for each in zip(*parts))
    return cues, peaks, right, fold


def track_one(
    tracker: Any, folder: Path, truth: 'np.ndarray'
) -> Tuple['np.ndarray', 'np.ndarray', 'np.ndarray']:
    """Cue vectors, peaks and whether right, of all frames of a sequence but the first."""
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


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
