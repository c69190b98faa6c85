"""Compare EATrackMOT with mmtrack's ByteTrack on the same degraded detections.

Detections are the annotation with seeded misses, jitter and false alarms, in every k-th frame.
ByteTrack runs unmodified, extrapolated by its Kalman filter between the detector's frames, and with
the gaps of its tracks interpolated afterwards, which needs future frames. Frames per second are of
the tracker alone, from the decoded frame to its tracks.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmeatrack.files.command_line import run_tool, tool_parser

EXAMPLE = """example:
  python tools/make_synthetic_uav.py --out data/crowd --train 1 --frames 2 --test 10 \\
      --test-frames 60 --targets 10 --seed 11
  python tools/lab/mot_comparison.py data/crowd/test --out work_dirs/mot
"""
_SCORES = ('HOTA', 'MOTA', 'IDF1', 'IDSW')


class Contender(NamedTuple):
    """Compared tracker: name, factory by seed and k, and whether its gaps are interpolated."""

    name: str
    make: Callable[[int, int], Any]
    interpolates: bool = False


def contenders(tracker: str) -> List[Contender]:
    """Compared trackers; ``tracker`` is the published one of EATrackMOT."""
    from lab.mot.trackers import ByteTrackEveryKth, make_eatrack

    return [
        Contender('ByteTrack', lambda seed, every: ByteTrackEveryKth(seed, every, False)),
        Contender('ByteTrack + motion', lambda seed, every: ByteTrackEveryKth(seed, every, True)),
        Contender(
            'ByteTrack + interpolation',
            lambda seed, every: ByteTrackEveryKth(seed, every, False),
            interpolates=True,
        ),
        Contender('EATrackMOT', lambda seed, every: make_eatrack(tracker, seed, every)),
    ]


def load_frames(data_root: Path) -> List[dict]:
    """All decoded frames of a data set, as batches of mmtrack's data loader."""
    from mmengine.dataset import pseudo_collate

    from mmeatrack.datasets import UAVMOTDataset

    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackTrackInputs', pack_single_img=True)]
    dataset = UAVMOTDataset(data_root=str(data_root), test_mode=True, pipeline=pipeline)
    return [pseudo_collate([dataset[index]]) for index in range(len(dataset))]


def score(contender: Contender, frames: Sequence[dict], seed: int, every: int) -> Dict[str, float]:
    """HOTA, MOTA and IDF1 in percent, identity switches, and frames per second."""
    import torch

    from lab.mot.trackers import fill_gaps
    from mmeatrack.evaluation.metrics import UAVMOTMetric

    metric = UAVMOTMetric()
    metric.dataset_meta = dict(CLASSES=('target',))
    model, seconds, found = contender.make(seed, every), 0.0, []
    for batch in frames:
        samples = [sample.clone() for sample in batch['data_samples']]
        began = time.perf_counter()
        with torch.no_grad():
            found.append(model.predict(batch['inputs'], samples)[0])
        seconds += time.perf_counter() - began
    if contender.interpolates:
        fill_gaps(found)
    for sample in found:
        metric.process(None, [sample.to_dict()])
    scores = {key.split('/')[1]: float(value) for key, value in metric.evaluate(0).items()}
    kept = {key: scores[key] * (1 if key == 'IDSW' else 100) for key in _SCORES}
    return dict(kept, fps=len(frames) / seconds)


def run(frames: Sequence[dict], options: argparse.Namespace) -> Iterator[dict]:
    """One record per k, contender and seed."""
    for every in options.every:
        for contender in contenders(options.tracker):
            same = every == 1 and contender.name == 'ByteTrack + motion'
            if same or not contender.name.startswith(options.only):
                continue
            for seed in options.seeds:
                found = score(contender, frames, seed, every)
                yield dict(every=every, tracker=contender.name, seed=seed, **found)


def table(records: Sequence[dict]) -> str:
    """Markdown table of means over the seeds."""
    import pandas

    from mmeatrack.evaluation.tables import markdown_table

    means = pandas.DataFrame(records).groupby(['every', 'tracker'], sort=False).mean()
    rows = [
        [str(every), name, *(f'{row[key]:.1f}' for key in _SCORES), f'{row["fps"]:.0f}']
        for (every, name), row in means.iterrows()
    ]
    header = ['k', 'tracker', 'HOTA', 'MOTA', 'IDF1', 'switches', 'frames/s']
    return markdown_table(header, rows, num_left=2)


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('data_root', type=Path, help="folder of sequences in MOTChallenge's layout")
    add('--out', type=Path, required=True, help='folder for mot.json and mot.md')
    add('--every', type=int, nargs='+', default=[1, 5, 10], help='values of k (default: 1 5 10)')
    add('--seeds', type=int, nargs='+', default=[0], help='seeds of the detector (default: 0)')
    add('--only', default='', help="prefix of the contenders to run, such as 'EATrackMOT'")
    add(
        '--tracker',
        default='mmeatrack/weights/eatrack_nano.safetensors',
        help='published tracker of EATrackMOT (default: %(default)s)',
    )
    return parser.parse_args()


def compare(options: argparse.Namespace) -> None:
    """Run all contenders and write the table."""
    import torch
    from mmengine.registry import DefaultScope
    from mmtrack.utils import register_all_modules
    from tqdm import tqdm

    from mmeatrack.files.atomic import write_atomically
    from mmeatrack.files.outputs import claimed_outputs

    torch.set_num_threads(1)
    register_all_modules(init_default_scope=False)
    options.out.mkdir(parents=True, exist_ok=True)
    numbers, text = options.out / 'mot.json', options.out / 'mot.md'
    scope = DefaultScope.overwrite_default_scope('mmtrack')
    with scope, claimed_outputs([numbers, text], [options.data_root], tool='mot_comparison.py'):
        frames = load_frames(options.data_root)
        records = []
        for record in tqdm(run(frames, options), unit='run'):
            records.append(record)
            write_atomically(numbers, json.dumps(records, indent=2) + '\n')
        write_atomically(text, table(records))


if __name__ == '__main__':
    sys.exit(run_tool(compare, parse_args()))
