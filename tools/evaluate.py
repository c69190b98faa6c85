"""Score raw result files of any trackers by one pass evaluation.

python tools/evaluate.py --gt data/DTB70 --results work_dirs/raw_results KCF=kcf.zip \\
    --absent hit --benchmark dtb70 --out work_dirs/evaluation
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Optional, Sequence, Tuple

from mmeatrack.evaluation.ope import ABSENT_POLICIES, VALID_BOX_RULES
from mmeatrack.files.benchmarks import BENCHMARKS, plain_name, recognise_benchmarks
from mmeatrack.files.command_line import add_overwrite, run_tool, tool_parser
from mmeatrack.files.outputs import claimed_outputs

if TYPE_CHECKING:
    from mmeatrack.evaluation.report import Report
    from mmeatrack.files.ground_truth import GroundTruth
    from mmeatrack.files.result_source import TrackerFiles


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__)
    add = parser.add_argument
    add(
        '--gt',
        required=True,
        metavar='DIR',
        help="ground truth: a folder with <seq>.txt or <seq>_gt.txt (a benchmark's anno folder), "
        'or with <seq>/groundtruth_rect.txt (DTB70, OTB); x,y,w,h per line',
    )
    add(
        '--results',
        required=True,
        nargs='+',
        metavar='[NAME=]PATH',
        help='results: a folder or zip archive with <seq>.txt, at any depth; each folder of such '
        'files is a tracker, named after the folder unless NAME is given. The file names and '
        'formats of the usual toolkits are read, including .mat',
    )
    add(
        '--absent',
        choices=ABSENT_POLICIES,
        default='miss',
        help='score of a frame without the target. miss: neither success nor precision; sglatrack: '
        'normalised precision only, as in the code of SGLATrack and AVTrack; hit: precision, as in '
        'the OTB and UAV123 toolkits; exclude: not scored (default: %(default)s)',
    )
    add(
        '--valid-boxes',
        choices=VALID_BOX_RULES,
        help='ground truth boxes that are targets. positive: x, y, w, h > 0; sized: w, h > 0 '
        '(default: positive for --absent hit, else sized)',
    )
    add(
        '--benchmark',
        type=benchmark_key,
        choices=list(BENCHMARKS),
        help='benchmark, for titles and the names of attribute flags (default: recognised by the '
        'sequence names)',
    )
    add('--title', help="benchmark's name in titles")
    add(
        '--attributes',
        metavar='DIR',
        help="folder of attribute files (default: the benchmark's usual place)",
    )
    add(
        '--compare',
        nargs=2,
        metavar=('A', 'B'),
        help='two trackers to compare by sequence (default: the best two)',
    )
    add('--out', metavar='DIR', help='folder for report, tables and plots (default: none)')
    add_overwrite(parser)
    return parser.parse_args(argv)


def benchmark_key(text: str) -> str:
    """Key of a benchmark in any spelling; the text itself for an unknown one."""
    keys = {plain_name(name): key for key in BENCHMARKS for name in (key, BENCHMARKS[key].title)}
    return keys.get(plain_name(text), text)


def evaluate(args: argparse.Namespace) -> None:
    """Score the trackers, print the tables, and write the report if --out is given."""
    from mmeatrack.evaluation.report import score_trackers
    from mmeatrack.evaluation.tables import report_text
    from mmeatrack.files.ground_truth import load_ground_truth

    truth = load_ground_truth(args.gt)
    for path in truth.passed_over:
        warn(f'{path} holds no boxes and is not read')
    num_frames = {name: len(boxes) for name, boxes in truth.boxes.items()}
    keys = [args.benchmark] if args.benchmark else recognise_benchmarks(num_frames, args.gt)
    if args.benchmark and not BENCHMARKS[args.benchmark].has(num_frames):
        warn(f'not all sequences of {args.gt} are of {BENCHMARKS[args.benchmark].title}')
    title = args.title or (BENCHMARKS[keys[0]].title if len(keys) == 1 else '')
    report = score_trackers(
        truth,
        find_trackers(args.results, args.gt, truth, keys),
        args.absent,
        args.valid_boxes,
        read_attributes(truth, keys, args.attributes),
        on_progress=lambda name: print(f'scoring {name} ...', file=sys.stderr),
        on_problem=lambda text: warn(f'not in the tables: {text}'),
    )
    compared = tuple(args.compare or list(report)[:2])
    unknown = [name for name in compared if name not in report]
    if unknown:
        warn(f'no comparison: there is no tracker {unknown[0]!r}, only {list(report)}')
        compared = ()
    print(report_text(report, title, compared))
    if args.out:
        write(args, report, title, compared)
        print(f'report, tables and plots: {args.out}')


def find_trackers(
    arguments: Sequence[str], gt: str, truth: 'GroundTruth', keys: Sequence[str]
) -> List['TrackerFiles']:
    """Result files of all trackers, without ground truth that lies among them."""
    from mmeatrack.files.result_source import open_results

    names = [name for key in keys for name in (key, BENCHMARKS[key].title)]
    trackers: List[TrackerFiles] = []
    for argument in arguments:
        found = open_results(argument, truth.boxes, names, warn)
        results = [each for each in found if Path(each.source).resolve() != Path(gt).resolve()]
        if len(results) < len(found) and results:
            warn(f'{gt} is the ground truth and is not scored as a tracker')
        trackers += results or found
    return trackers


def read_attributes(
    truth: 'GroundTruth', keys: Sequence[str], folder: Optional[str]
) -> Dict[str, List[str]]:
    """Attribute names by sequence; unusable files are a warning."""
    from mmeatrack.files.ground_truth import load_attributes

    flags = {BENCHMARKS[key].attributes for key in keys}
    problems: List[str] = []
    names = flags.pop() if len(flags) == 1 else ()
    attributes = load_attributes(truth, names, folder, problems.append)
    if problems:
        warn(f'{len(problems)} attribute files are not used; the first: {problems[0]}')
    elif folder and not attributes:
        warn(f'{folder} holds no attribute file of a sequence, such as {min(truth.boxes)}.txt')
    return attributes


def write(
    args: argparse.Namespace, report: 'Report', title: str, compared: Tuple[str, ...]
) -> None:
    """Write report, tables and plots."""
    from mmeatrack.evaluation.tables import report_files
    from mmeatrack.files.atomic import write_atomically
    from mmeatrack.files.result_source import split_argument
    from mmeatrack.visualization.ope_plots import plot_files, plot_report

    files = report_files(report, title, compared)
    outputs = [Path(args.out) / name for name in [*files, *plot_files(report)]]
    inputs = [args.gt, *(split_argument(argument)[1] for argument in args.results)]
    inputs += [args.attributes] if args.attributes else []
    with claimed_outputs(outputs, inputs, tool='evaluate.py', overwrite=args.overwrite):
        for name, content in files.items():
            write_atomically(Path(args.out) / name, content)
        plot_report(report, args.out, title)


def warn(text: str) -> None:
    """Print a warning."""
    print(f'warning: {text}', file=sys.stderr)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(evaluate, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
