"""Measure the similarity of a student's layers to its teacher's.

Runs both on batches of the student's training data and compares the search tokens after each pair
of layers: by mean cosine similarity inside and outside the target or, for networks of different
widths, by linear CKA. Writes similarity.png and similarity.csv.
"""

import argparse
import sys
from itertools import islice
from typing import TYPE_CHECKING, Dict, List, Optional, Sequence, Tuple

from mmeatrack.files.command_line import add_output_folder, at_least, run_tool, tool_parser
from mmeatrack.files.outputs import claimed_outputs

if TYPE_CHECKING:
    from mmeatrack.analysis import LayerSimilarity

EXAMPLE = """example:
  python tools/similarity.py STUDENT.py STUDENT_DISTILLED.pth TEACHER.py TEACHER.pth \\
      --baseline STUDENT_ALONE.pth --batches 8
"""


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('student_config', help='model (of a distillation, the student) and training data')
    add('student_checkpoint')
    add('teacher_config')
    add('teacher_checkpoint')
    add(
        '--baseline',
        metavar='CHECKPOINT',
        help='another checkpoint of the student to compare with, e.g. an undistilled one',
    )
    add(
        '--pairs',
        nargs='+',
        type=parse_pair,
        metavar='S:T',
        help='student and teacher layers, numbered from 0 across both stages (default: each '
        'student layer with the teacher layer at the same relative depth)',
    )
    add('--batches', type=at_least(1), default=8, metavar='N', help='batches (default: 8)')
    add('--seed', type=int, default=0, help='seed of the data (default: %(default)s)')
    add('--device', default='cpu', help='cpu, cuda:0 ... (default: %(default)s)')
    add_output_folder(parser, 'work_dirs/similarity')
    return parser.parse_args(argv)


def parse_pair(text: str) -> Tuple[int, int]:
    """Parse a pair of layers, such as ``6:10``."""
    student, _, teacher = text.partition(':')
    if not (student.isdigit() and teacher.isdigit()):
        raise argparse.ArgumentTypeError(f'{text!r}: write STUDENT:TEACHER, e.g. 6:10')
    return int(student), int(teacher)


def measure(args: argparse.Namespace) -> Dict[str, List['LayerSimilarity']]:
    """Similarity to the teacher by the student's name."""
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmengine.runner import Runner, set_random_seed
    from tqdm import tqdm

    from mmeatrack.analysis import SimilarityMeter, pairs_by_depth
    from mmeatrack.apis import load_tracker

    teacher = load_tracker(args.teacher_config, args.teacher_checkpoint, args.device)
    checkpoints = dict(baseline=args.baseline) if args.baseline else {}
    checkpoints['student'] = args.student_checkpoint
    students = {
        name: load_tracker(args.student_config, path, args.device)
        for name, path in checkpoints.items()
    }
    config = Config.fromfile(args.student_config)
    if 'train_dataloader' not in config:
        raise ValueError(f'{args.student_config} has no train_dataloader to take batches from.')
    depths = (students['student'].backbone.depth, teacher.backbone.depth)
    pairs = args.pairs or pairs_by_depth(*depths)
    meters = {name: SimilarityMeter(each, teacher, pairs) for name, each in students.items()}
    set_random_seed(args.seed)
    init_default_scope('mmtrack')
    loader = Runner.build_dataloader(config.train_dataloader, seed=args.seed)
    count = min(args.batches, len(loader))
    for batch in tqdm(islice(loader, count), total=count, unit='batch'):
        data = teacher.data_preprocessor(batch, True)
        for meter in meters.values():
            meter.update(data['inputs'], data['data_samples'])
    return {name: meter.result() for name, meter in meters.items()}


def compare(args: argparse.Namespace) -> None:
    """Print the similarities; write them and a plot."""
    table, picture = args.out / 'similarity.csv', args.out / 'similarity.png'
    inputs = [args.student_config, args.student_checkpoint, args.teacher_config]
    inputs += [args.teacher_checkpoint, *([args.baseline] if args.baseline else [])]
    with claimed_outputs([table, picture], inputs, tool='similarity.py', overwrite=args.overwrite):
        similarities = measure(args)
        print('student   layers   measure  inside  outside')
        for name, rows in similarities.items():
            for row in rows:
                layers = f'{row.student_layer}:{row.teacher_layer}'
                print(f'{name:9} {layers:8} {row.measure:8} {row.inside:6.3f}  {row.outside:7.3f}')

        from mmeatrack.analysis import write_similarity_csv
        from mmeatrack.visualization import plot_similarity

        write_similarity_csv(similarities, table)
        plot_similarity(similarities, picture)
        print(f'{table} and {picture}')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(compare, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
