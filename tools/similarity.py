"""Measure the similarity of a student's layers to its teacher's.

Runs both on batches of the student's training data and compares the search tokens that leave each
pair of layers: the mean cosine similarity inside the target and outside of it, or, where the
networks have different widths, linear CKA. Writes similarity.png and similarity.csv; files of these
names that it did not write are replaced only with --overwrite.
"""

import argparse
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

if TYPE_CHECKING:
    from mmeatrack.analysis import LayerSimilarity

EXAMPLE = """example:
  python tools/similarity.py STUDENT.py STUDENT_DISTILLED.pth TEACHER.py TEACHER.pth \\
      --baseline STUDENT_ALONE.pth --batches 8
"""


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'student_config', help='its model (of a distillation: the student) and data'
    )
    parser.add_argument('student_checkpoint')
    parser.add_argument('teacher_config')
    parser.add_argument('teacher_checkpoint')
    parser.add_argument(
        '--baseline',
        metavar='CHECKPOINT',
        help='another checkpoint of the student, e.g. undistilled, to compare with',
    )
    parser.add_argument(
        '--pairs',
        nargs='+',
        type=parse_pair,
        metavar='S:T',
        help='layers of student and teacher, from 0 through both stages (default: each layer of '
        'the student with the teacher layer at the same share of the depth)',
    )
    parser.add_argument(
        '--batches', type=int, default=8, metavar='N', help='batches (default: %(default)s)'
    )
    parser.add_argument('--seed', type=int, default=0, help='of the data (default: %(default)s)')
    parser.add_argument('--device', default='cpu', help='cpu, cuda:0 ... (default: %(default)s)')
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('work_dirs/similarity'),
        help='folder of the results (default: %(default)s)',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace files of the same names that this tool did not write',
    )
    return parser.parse_args(argv)


def parse_pair(text: str) -> Tuple[int, int]:
    """The numbers of ``6:10``."""
    student, separator, teacher = text.partition(':')
    if not (separator and student.isdigit() and teacher.isdigit()):
        raise argparse.ArgumentTypeError(f'{text!r}: write STUDENT:TEACHER, e.g. 6:10')
    return int(student), int(teacher)


def load_tracker(config: Any, checkpoint: str, device: str) -> Any:
    """The config's tracker, or a distillation's student, with the checkpoint's weights."""
    from mmengine.runner import load_checkpoint

    from mmeatrack.registry import MODELS

    tracker = MODELS.build(config.model.get('architecture', config.model))
    load_checkpoint(tracker, checkpoint, map_location='cpu')
    return tracker.to(device).eval()


def measure(args: argparse.Namespace) -> Dict[str, List['LayerSimilarity']]:
    """Similarity to the teacher by the student's name."""
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmengine.runner import Runner, set_random_seed
    from mmtrack.utils import register_all_modules
    from tqdm import tqdm

    from mmeatrack.analysis import SimilarityMeter, pairs_by_depth

    register_all_modules(init_default_scope=False)
    init_default_scope('mmtrack')
    config = Config.fromfile(args.student_config)
    teacher_config = Config.fromfile(args.teacher_config)
    if 'train_dataloader' not in config:
        raise ValueError(f'{args.student_config} has no train_dataloader to take batches from.')
    teacher = load_tracker(teacher_config, args.teacher_checkpoint, args.device)
    checkpoints = dict(baseline=args.baseline) if args.baseline else {}
    checkpoints['student'] = args.student_checkpoint
    students = {name: load_tracker(config, path, args.device) for name, path in checkpoints.items()}
    depths = [next(iter(students.values())).backbone.depth, teacher.backbone.depth]
    pairs = args.pairs or pairs_by_depth(*depths)
    meters = {name: SimilarityMeter(each, teacher, pairs) for name, each in students.items()}
    set_random_seed(args.seed)
    loader = Runner.build_dataloader(config.train_dataloader, seed=args.seed)
    count = min(args.batches, len(loader))
    for batch in tqdm(islice(loader, count), total=count, unit='batch'):
        data = teacher.data_preprocessor(batch, True)
        for meter in meters.values():
            meter.update(data['inputs'], data['data_samples'])
    return {name: meter.result() for name, meter in meters.items()}


def print_table(similarities: Dict[str, List['LayerSimilarity']]) -> None:
    """Print a line for each student and pair."""
    print('student   layers   measure  inside  outside')
    for name, rows in similarities.items():
        for row in rows:
            layers = f'{row.student_layer}:{row.teacher_layer}'
            print(f'{name:9} {layers:8} {row.measure:8} {row.inside:6.3f}  {row.outside:7.3f}')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; errors of the input are one line."""
    args = parse_args(sys.argv[1:] if argv is None else argv)
    try:
        compare(args)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


def compare(args: argparse.Namespace) -> None:
    """Measure, print and write."""
    from mmeatrack.files.outputs import claimed_outputs

    if args.batches < 1:
        raise ValueError(f'--batches {args.batches}: give 1 or more.')
    table, picture = args.out / 'similarity.csv', args.out / 'similarity.png'
    given = [args.student_config, args.student_checkpoint]
    given += [args.teacher_config, args.teacher_checkpoint]
    given += [args.baseline] if args.baseline else []
    with claimed_outputs([table, picture], given, tool='similarity.py', overwrite=args.overwrite):
        similarities = measure(args)
        print_table(similarities)

        from mmeatrack.analysis import write_similarity_csv
        from mmeatrack.visualization import plot_similarity

        write_similarity_csv(similarities, table)
        plot_similarity(similarities, picture)
        print(f'{table} and {picture}')


if __name__ == '__main__':
    sys.exit(main())
