"""Measure the rules of MultiTracker: returns of lost targets, crossings, stated uncertainty.

absences: targets that leave and return, in synthetic videos and in real sequences seen through a
window of half their width that pans away from the target and back. A return is found if the target
is tracked with an IoU of 0.3 or more within --patience frames. A false alarm is a frame without the
target, after the first ten, with status tracking or found.
crossings: synthetic scenes of look-alikes, all tracked from the first frame on.
deviations: a synthetic video of each scenario; shares of frames whose centre error along an axis is
within 1 and 2 stated deviations. For normal errors these are 0.68 and 0.95.
"""

import argparse
import sys
import time
from itertools import combinations
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from mmeatrack.files.command_line import tool_parser

EXAMPLE = """examples:
  python tools/lab/track_rules.py absences --videos 8 --real data/real_sequences --sweeps 0 2 4
  python tools/lab/track_rules.py crossings --videos 4 --targets 10
  python tools/lab/track_rules.py deviations --frames 60 --seed 32
"""
_SETTLED, _FOUND_IOU, _SAME_IOU = 10, 0.3, 0.5
_SIZE = (480, 360)


class Clip(NamedTuple):
    """Frames, and boxes (N, T, 4) of the targets, x, y, w, h in px, NaN where absent."""

    name: str
    frames: List[np.ndarray]
    boxes: np.ndarray


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, EXAMPLE)
    parser.add_argument('measure', choices=list(MEASURES))
    add = parser.add_argument
    add('--tracker', default='eatrack_nano', help='argument of load_tracker (default: %(default)s)')
    add('--videos', type=int, default=8, help='synthetic videos (default: %(default)s)')
    add('--frames', type=int, default=90, help='per video (default: %(default)s)')
    add('--seed', type=int, default=21, help='of the synthetic videos (default: %(default)s)')
    add('--real', type=Path, help='folder of real sequences')
    add('--sweeps', type=int, nargs='+', default=[0, 4], help='crops per frame; 0: no sweep')
    add('--growth', nargs='+', type=_growth, default=[0.25], help="of the swept area, or 'none'")
    add('--patience', type=int, default=20, help='frames after a return (default: %(default)s)')
    add('--targets', type=int, default=10, help='look-alikes per scene (default: %(default)s)')
    return parser.parse_args(argv)


def _growth(text: str) -> Optional[float]:
    return None if text == 'none' else float(text)


def main(argv: Sequence[str]) -> int:
    """Measure and print the table."""
    import torch

    from mmeatrack.apis import load_tracker
    from mmeatrack.evaluation.tables import markdown_table
    from mmeatrack.multi import TrackRules

    args = parse_args(argv)
    torch.set_num_threads(1)
    model = load_tracker(args.tracker, device='cpu').float()
    if args.measure == 'absences':
        variants = {
            f'sweep={n}, growth={growth}': dict(sweep=n, sweep_growth=growth)
            for n in args.sweeps
            for growth in (args.growth if n else [None])
        }
    elif args.measure == 'crossings':
        variants = {f'crossing_frames={n}': dict(crossing_frames=n) for n in (None, 5)}
    else:
        variants = {'': {}}
    clips, count = MEASURES[args.measure]
    found: Dict[str, List[Dict[str, float]]] = {name: [] for name in variants}
    for clip in clips(args):
        for name, options in variants.items():
            began = time.process_time()
            tracks = follow(model, clip, TrackRules(remove_after=None, **options))
            counts = count(clip, tracks, args.patience)
            counts['CPU ms per frame'] = 1e3 * (time.process_time() - began) / len(clip.frames)
            found[name].append(counts)
            print(f'{clip.name}, {name}: {counts}', flush=True)
    if args.measure == 'deviations':
        print(markdown_table(['status', 'values', 'within 1', 'within 2'], shares(found[''])))
        return 0
    rows = [[name, *map(str, total(counts).values())] for name, counts in found.items()]
    print(markdown_table(['', *total(next(iter(found.values())))], rows))
    return 0


def total(counts: List[Dict[str, float]]) -> Dict[str, float]:
    """Sums over clips; the mean of times."""
    return {
        key: round(sum(each[key] for each in counts) / (len(counts) if ' ms ' in key else 1), 1)
        for key in counts[0]
    }


def follow(model: Any, clip: Clip, rules: Any) -> List[Dict[int, Any]]:
    """Tracks by target number in each frame but the first."""
    from mmeatrack import MultiTracker

    tracker = MultiTracker(model, rules)
    for number, box in enumerate(clip.boxes[0]):
        tracker.add(clip.frames[0], box, id=number)
    return [{track.id: track for track in tracker.track(frame)} for frame in clip.frames[1:]]


def count_absence(clip: Clip, tracks: List[Dict[int, Any]], patience: int) -> Dict[str, float]:
    """Returns and those found, frames without the target and false alarms, right frames."""
    boxes = clip.boxes[:, 0]
    absent = ~np.isfinite(boxes[:, 0])
    called = np.array([False] + [each[0].status.state in ('tracking', 'found') for each in tracks])
    right = np.zeros(len(boxes), bool)
    for number, each in enumerate(tracks, start=1):
        if not absent[number] and called[number]:
            right[number] = overlap(boxes[number], each[0].box_xywh) >= _FOUND_IOU
    returns = [i for i in range(1, len(boxes)) if absent[i - 1] and not absent[i]]
    returns = [i for i in returns if not absent[i : i + patience].any()]
    settled = np.convolve(absent, np.ones(_SETTLED + 1), 'full')[: len(absent)] > _SETTLED
    return {
        'returns': len(returns),
        'found': sum(bool(right[i : i + patience].any()) for i in returns),
        'frames without target': int(settled.sum()),
        'false alarms': int((called & settled).sum()),
        'right frames': int(right.sum()),
        'frames with target': int((~absent[1:]).sum()),
    }


def count_crossings(clip: Clip, tracks: List[Dict[int, Any]], patience: int) -> Dict[str, float]:
    """Frames of all tracks, those on their own or another's target, and pairs on one object."""
    counts = {'track frames': 0, 'own': 0, "another's": 0, 'pairs on one': 0}
    for truth, each in zip(clip.boxes[1:], tracks):
        on: Dict[int, int] = {}
        for key, track in each.items():
            counts['track frames'] += 1
            overlaps = [overlap(box, track.box_xywh) for box in truth]
            best = int(np.argmax(overlaps))
            if track.status.state not in ('lost', 'removed') and overlaps[best] >= _SAME_IOU:
                on[key] = best
                counts['own' if best == key else "another's"] += 1
        counts['pairs on one'] += sum(on[a] == on[b] for a, b in combinations(on, 2))
    return counts


def count_deviations(clip: Clip, tracks: List[Dict[int, Any]], patience: int) -> Dict[str, float]:
    """Errors of the centre along an axis by status, and those within 1 and 2 deviations."""
    counts: Dict[str, float] = {}
    for truth, each in zip(clip.boxes[1:, 0], tracks):
        if not np.isfinite(truth).all():
            continue
        state, _, box, deviation, _ = each[0].status
        for axis in (0, 1):
            error = truth[axis] + truth[axis + 2] / 2 - box[axis] - box[axis + 2] / 2
            for name, most in (('values', np.inf), ('within 1', 1.0), ('within 2', 2.0)):
                key = f'{state}, {name}'
                counts[key] = counts.get(key, 0) + float(abs(error) <= most * deviation[axis])
    return counts


def shares(found: List[Dict[str, float]]) -> List[List[str]]:
    """Rows of the table of deviations from the counts of all clips."""
    rows = []
    for state in ('tracking', 'coasting', 'lost', 'found'):
        values, one, two = (
            sum(counts.get(f'{state}, {name}', 0) for counts in found)
            for name in ('values', 'within 1', 'within 2')
        )
        if values:
            rows.append([state, f'{values:.0f}', f'{one / values:.2f}', f'{two / values:.2f}'])
    return rows


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """IoU of two boxes x, y, w, h; 0 if the first is absent."""
    from mmeatrack.multi.crossings import iou
    from mmeatrack.structures.boxes import xywh_to_cxcywh

    return iou(xywh_to_cxcywh(first), xywh_to_cxcywh(second)) if np.isfinite(first).all() else 0.0


def synthetic_clip(args: argparse.Namespace, scenario: str, index: int) -> Clip:
    """Synthetic video of one target."""
    from mmeatrack.synthetic.annotation import annotate

    plan, frames = render_plan(args, scenario, index)
    return Clip(f'{scenario} {index}', frames, annotate(plan).boxes[:, None])


def render_plan(
    args: argparse.Namespace, scenario: str, index: int, targets: int = 1
) -> Tuple[Any, List[np.ndarray]]:
    """Plan and frames of a synthetic sequence."""
    from mmeatrack.synthetic.plan import SequenceSpec, plan_sequence
    from mmeatrack.synthetic.renderer import Renderer

    spec = SequenceSpec('test', index, scenario, args.frames, _SIZE, args.seed, 0.5, targets)
    plan = plan_sequence(spec)
    renderer = Renderer(plan)
    return plan, [renderer.frame(number) for number in range(args.frames)]


def scenario_clips(args: argparse.Namespace) -> Iterator[Clip]:
    """One synthetic video per scenario."""
    from mmeatrack.synthetic.scenario import SCENARIOS

    for index, scenario in enumerate(SCENARIOS):
        yield synthetic_clip(args, scenario, index)


def absence_clips(args: argparse.Namespace) -> Iterator[Clip]:
    """Synthetic videos in which the target is hidden or leaves, then real sequences."""
    for index in range(args.videos):
        yield synthetic_clip(args, 'absence', index)
    if args.real:
        from lab.real_sequences import read_sequences

        for sequence in read_sequences(args.real, args.frames):
            yield pan_away(sequence)


def pan_away(sequence: Any) -> Clip:
    """Real sequence seen through a window that is off the target in the middle third."""
    from mmeatrack.files.image_file import read_image

    frames = [read_image(path) for path in sequence.frames]
    height, width = frames[0].shape[0], frames[0].shape[1] // 2
    count = len(frames)
    away = np.clip(6 * np.abs(np.arange(count) / count - 0.5) - 0.5, 0, 1)  # 0 while away
    away = (1 - away) ** 2 * (3 - 2 * (1 - away))
    centre = sequence.boxes[:, 0] + sequence.boxes[:, 2] / 2
    clips, boxes = [], []
    for frame, box, x, share in zip(frames, sequence.boxes, centre, away):
        side = 0.0 if centre.mean() > frame.shape[1] / 2 else frame.shape[1] - width
        near = min(max(x - width / 2, 0), frame.shape[1] - width)
        left = round((1 - share) * near + share * side)
        clips.append(np.ascontiguousarray(frame[:height, left : left + width]))
        inside = left <= x < left + width
        boxes.append([box[0] - left, *box[1:]] if inside else [np.nan] * 4)
    return Clip(sequence.name, clips, np.array(boxes)[:, None])


def crowd_clips(args: argparse.Namespace) -> Iterator[Clip]:
    """Scenes of look-alikes; targets hardly visible in the first frame are not tracked."""
    from mmeatrack.synthetic.crowd_annotation import annotate_crowd

    for index in range(args.videos):
        plan, frames = render_plan(args, 'distractor', index, args.targets)
        truth = annotate_crowd(plan)
        shown = truth.boxes[truth.visibility[:, 0] > 0.8]
        yield Clip(f'crowd {index}', frames, shown.transpose(1, 0, 2))


MEASURES: Dict[str, Tuple[Callable[..., Iterator[Clip]], Callable[..., Dict[str, float]]]] = {
    'absences': (absence_clips, count_absence),
    'crossings': (crowd_clips, count_crossings),
    'deviations': (scenario_clips, count_deviations),
}


if __name__ == '__main__':
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    sys.exit(main(sys.argv[1:]))
