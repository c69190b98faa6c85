"""Score raw result files of any trackers on a benchmark.

python tools/evaluate.py --gt data/DTB70 --results work_dirs/raw_results KCF=kcf.zip \\
    --absent hit --benchmark dtb70 --out work_dirs/evaluation
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Sequence, Tuple

from mmeatrack.evaluation.ope import ABSENT_POLICIES, VALID_BOX_RULES
from mmeatrack.files.benchmarks import BENCHMARKS, plain_name, recognise_benchmarks

if TYPE_CHECKING:
    from mmeatrack.evaluation.report import Report
    from mmeatrack.files.ground_truth import GroundTruth
    from mmeatrack.files.result_source import TrackerFiles


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
        'or with <seq>/groundtruth_rect.txt (DTB70, OTB); x,y,w,h a line',
    )
    add(
        '--results',
        required=True,
        nargs='+',
        metavar='[NAME=]PATH',
        help='results: a folder or zip archive with <seq>.txt, at any depth; each folder of such '
        'files is a tracker. The names and forms of the usual toolkits are read, .mat among them. '
        'Without NAME all trackers are scored under the names of their folders',
    )
    add(
        '--absent',
        choices=ABSENT_POLICIES,
        default='miss',
        help='what a frame without the target counts as. miss: neither success nor precise; '
        'sglatrack: the same, but precise by the normalised measure, as in the code of SGLATrack '
        'and AVTrack; hit: precise, as in the OTB and UAV123 toolkits; exclude: left out '
        '(default: %(default)s)',
    )
    add(
        '--valid-boxes',
        choices=VALID_BOX_RULES,
        help='which ground truth boxes are targets. positive: x, y, w, h > 0; sized: w, h > 0 '
        '(default: positive for --absent hit, else sized)',
    )
    add(
        '--benchmark',
        type=benchmark_key,
        choices=list(BENCHMARKS),
        help='for titles, and for the names of the flags in attribute files (default: recognised '
        'by the names of the sequences)',
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
    add(
        '--overwrite',
        action='store_true',
        help='replace files in --out that this tool did not write',
    )
    return parser.parse_args()


def benchmark_key(text: str) -> str:
    """Key of a benchmark, however it is spelt; the text itself if it is none."""
    keys = {plain_name(name): key for key in BENCHMARKS for name in (key, BENCHMARKS[key].title)}
    return keys.get(plain_name(text), text)


def main() -> int:
    """Score, print and write; 1 if something is wrong with what was given."""
    args = parse_args()
    try:
        evaluate(args)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def evaluate(args: argparse.Namespace) -> None:
    """Score the trackers, print the tables, and write the report if asked to."""
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
        warn(f'no comparison: there is no tracker {unknown[0]!r} but {list(report)}')
        compared = ()
    print(report_text(report, title, compared))
    if args.out:
        write(args, report, title, compared)
        print(f'report, tables and plots: {args.out}')


def find_trackers(
    arguments: Sequence[str], gt: str, truth: 'GroundTruth', keys: Sequence[str]
) -> List['TrackerFiles']:
    """The result files of all trackers; ground truth that lies among them is passed over."""
    from mmeatrack.files.result_source import open_results

    names = [name for key in keys for name in (key, BENCHMARKS[key].title)]
    trackers: List[TrackerFiles] = []
    for argument in arguments:
        found = open_results(argument, truth.boxes, names, warn)
        results = [each for each in found if Path(each.source).resolve() != Path(gt).resolve()]
        if len(results) < len(found) and results:
            warn(f'{gt} is the ground truth and not scored as a tracker')
        trackers += results or found
    return trackers


def read_attributes(truth: 'GroundTruth', keys: Sequence[str], folder: str) -> Dict[str, List[str]]:
    """Attribute names by sequence; files that cannot be used are a warning."""
    from mmeatrack.files.ground_truth import load_attributes

    flags = {BENCHMARKS[key].attributes for key in keys}
    problems: List[str] = []
    names = flags.pop() if len(flags) == 1 else ()
    attributes = load_attributes(truth, names, folder, problems.append)
    if problems:
        warn(f'{len(problems)} attribute files are not used; the first: {problems[0]}')
    if folder and not attributes and not problems:
        warn(f'{folder} holds no attribute file of a sequence, such as {min(truth.boxes)}.txt')
    return attributes


def write(
    args: argparse.Namespace, report: 'Report', title: str, compared: Tuple[str, ...]
) -> None:
    """Write report, tables and plots."""
    from mmeatrack.evaluation.tables import report_files, write_report_files
    from mmeatrack.files.outputs import claimed_outputs
    from mmeatrack.files.result_source import split_argument
    from mmeatrack.visualization.ope_plots import plot_files, plot_report

    names = [*report_files(report, title, compared), *plot_files(report)]
    inputs = [args.gt, *(split_argument(argument)[1] for argument in args.results)]
    inputs += [args.attributes] if args.attributes else []
    outputs = [Path(args.out) / name for name in names]
    with claimed_outputs(outputs, inputs, tool='evaluate.py', overwrite=args.overwrite):
        write_report_files(args.out, report, title, compared)
        plot_report(report, args.out, title)


def warn(text: str) -> None:
    """Print a warning."""
    print(f'warning: {text}', file=sys.stderr)


if __name__ == '__main__':
    sys.exit(main())
