"""Score raw result files of any trackers on a benchmark.

python tools/evaluate.py --gt data/DTB70 --results work_dirs/raw_results KCF=kcf.zip \
    --absent hit --benchmark dtb70 --out work_dirs/evaluation
"""

import argparse
import sys

from mmeatrack.evaluation.benchmark_report import score_trackers
from mmeatrack.evaluation.ope import ABSENT_POLICIES, VALID_BOX_RULES
from mmeatrack.evaluation.report_files import comparison_text, summary_text, write_report_files
from mmeatrack.files.benchmarks import BENCHMARKS
from mmeatrack.files.ground_truth import load_attributes, load_ground_truth
from mmeatrack.files.result_source import open_results


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Score raw result files of trackers by one pass evaluation.'
    )
    add = parser.add_argument
    add(
        '--gt',
        required=True,
        metavar='DIR',
        help="ground truth: a folder with <seq>.txt or <seq>_gt.txt (a benchmark's anno folder), "
        'or with <seq>/groundtruth_rect.txt (DTB70); x,y,w,h a line',
    )
    add(
        '--results',
        required=True,
        nargs='+',
        metavar='[NAME=]PATH',
        help='results: a folder or zip archive with <seq>.txt or <tracker>/<seq>.txt. Without NAME '
        'all trackers in it are scored under the names of their folders',
    )
    add(
        '--absent',
        choices=ABSENT_POLICIES,
        default='miss',
        help='what a frame without the target counts as. miss: neither success nor precise; hit: '
        'precise, as in the OTB and UAV123 toolkits; exclude: left out (default: %(default)s)',
    )
    add(
        '--valid-boxes',
        choices=VALID_BOX_RULES,
        help='which ground truth boxes are targets. positive: x, y, w, h > 0; sized: w, h > 0 '
        '(default: positive for --absent hit, else sized)',
    )
    add(
        '--benchmark',
        choices=list(BENCHMARKS),
        help='for titles, and for the names of the flags in attribute files',
    )
    add('--title', help="the benchmark's name in titles")
    add(
        '--attributes',
        metavar='DIR',
        help='folder of attribute files, if they are not where the benchmark has them',
    )
    add(
        '--compare',
        nargs=2,
        metavar=('A', 'B'),
        help='two trackers to compare by sequence (default: the best two)',
    )
    add('--out', metavar='DIR', help='where to write report, tables and plots')
    return parser.parse_args()


def main() -> int:
    """Score, print and write; 1 if something is wrong with what was given."""
    args = parse_args()
    benchmark = BENCHMARKS.get(args.benchmark)
    title = args.title or (benchmark.title if benchmark else '')
    try:
        ground_truth = load_ground_truth(args.gt)
        attributes = load_attributes(
            ground_truth, benchmark.attributes if benchmark else (), args.attributes
        )
        trackers = [
            tracker
            for argument in args.results
            for tracker in open_results(argument, ground_truth.boxes)
        ]
        report = score_trackers(
            ground_truth,
            trackers,
            args.absent,
            args.valid_boxes,
            attributes,
            on_progress=lambda name: print(f'scoring {name} ...', file=sys.stderr),
        )
        compared = tuple(args.compare or list(report)[:2])
        print(summary_text(report, title))
        if len(compared) == 2:
            print(comparison_text(report, *compared))
        if args.out:
            write_report_files(args.out, report, title, compared)
            print(f'report, tables and plots: {args.out}')
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
