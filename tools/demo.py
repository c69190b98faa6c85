"""Distil, test and show, on synthetic UAV videos, in minutes on two CPU cores.

Makes the videos, trains a small teacher and the same student without and with distillation, tests
them and the student with temporal adaptation by mmtrack's own scripts, and writes a table, curves
and a video. What is finished is not done again; --fresh begins anew.

python tools/demo.py
"""

import argparse
import itertools
import shutil
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List

from lab.experiments import StageError, run_stages
from lab.experiments.micro import (
    STUDENT_CONFIG,
    TEACHER_CONFIG,
    TEMPORAL_CONFIG,
    MicroExperiment,
    run_name,
)
from lab.experiments.seeds import mean_and_error

if TYPE_CHECKING:
    from mmeatrack.evaluation.report import TrackerReport
    from mmeatrack.evaluation.run_folder import SequenceResult
    from mmeatrack.files.ground_truth import GroundTruth

TRACKERS = {
    'Teacher': 'teacher: 6 joint layers',
    'Student': 'student: 2 separate and 2 joint layers',
    'Distilled': 'student, distilled',
    'Distilled+Temporal': 'student, distilled, with temporal adaptation',
}
VIDEO_SCENARIOS = ('appearance_change', 'rotation', 'occlusion')
VIDEO_TRACKERS = ('Student', 'Distilled+Temporal')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Distil, test and show EATrack on synthetic UAV videos.'
    )
    add = parser.add_argument
    add('--out', type=Path, default=Path('work_dirs/demo'), help='default: %(default)s')
    add('--data', type=Path, default=Path('data/synthetic_uav'), help='default: %(default)s')
    add(
        '--seeds',
        type=int,
        nargs='+',
        default=[0],
        help='seeds of the students; with several the table gives mean and standard error '
        '(default: 0)',
    )
    add('--fresh', action='store_true', help='remove --out first and begin anew')
    return parser.parse_args()


def main() -> int:
    """Run all stages, print the table; 1 if a stage failed."""
    args = parse_args()
    began = time.time()
    if args.fresh:
        shutil.rmtree(args.out, ignore_errors=True)
    experiment = MicroExperiment(args.out, args.data)
    try:
        train_and_test(experiment, args.seeds)
    except StageError as error:
        print(error, file=sys.stderr)
        return 1
    show(experiment, args.seeds)
    print(f'\n{time.time() - began:.0f} s; everything is in {args.out}')
    return 0


def train_and_test(experiment: MicroExperiment, seeds: List[int]) -> None:
    """Two trainings at a time, each with half the cores; then the tests in the same way."""
    run_stages([experiment.make_data()])
    teacher = experiment.train_teacher()
    students = {seed: experiment.train_student(seed) for seed in seeds}
    distilled = {seed: experiment.train_distilled(seed=seed) for seed in seeds}
    run_stages([teacher, *students.values()], parallel=2)
    if len(seeds) == 1:
        run_stages([replace(distilled[seeds[0]], threads=2 * experiment.threads)])
    run_stages(list(distilled.values()), parallel=2)
    tests = [experiment.test('Teacher', TEACHER_CONFIG, experiment.teacher_checkpoint, teacher)]
    for seed in seeds:
        student = experiment.student_checkpoint(run_name('student', seed))
        exported = experiment.student_checkpoint(run_name('distilled', seed))
        for name, config, checkpoint, after in (
            ('Student', STUDENT_CONFIG, student, students[seed]),
            ('Distilled', STUDENT_CONFIG, exported, distilled[seed]),
            ('Distilled+Temporal', TEMPORAL_CONFIG, exported, distilled[seed]),
        ):
            tests.append(experiment.test(run_name(name, seed), config, checkpoint, after))
    run_stages(tests, parallel=2)


def show(experiment: MicroExperiment, seeds: List[int]) -> None:
    """Table, curves and video; pictures are of the first seed."""
    from lab.experiments.results import read_run, score_runs
    from mmeatrack.evaluation.report_files import write_report_files
    from mmeatrack.evaluation.tables import markdown_table
    from mmeatrack.files.ground_truth import load_attributes, load_ground_truth
    from mmeatrack.visualization import plot_report, plot_training_curves

    truth = load_ground_truth(experiment.data / 'test')
    attributes = load_attributes(truth, ())
    runs = {
        name: [name] if name == 'Teacher' else [run_name(name, seed) for seed in seeds]
        for name in TRACKERS
    }
    results = {
        run: read_run(experiment.results / run, truth) for name in runs for run in runs[name]
    }
    report = score_runs(experiment.results, list(results), truth, attributes)
    shown = {name: report[runs[name][0]] for name in TRACKERS}
    title = 'the synthetic UAV set'
    write_report_files(experiment.out / 'evaluation', shown, title, ('Distilled', 'Student'))
    plot_report(shown, experiment.out / 'evaluation', title)
    rows = [score_row(name, runs[name], report, results) for name in TRACKERS]
    table = markdown_table(
        ['tracker', 'success AUC', 'precision @20px', 'norm. precision @0.2', 'frames/s'], rows
    )
    (experiment.out / 'table.md').write_text(table)
    print('\n' + table)
    trainings = ('teacher', run_name('student', seeds[0]), run_name('distilled', seeds[0]))
    plot_training_curves(
        {name: experiment.out / name for name in trainings},
        experiment.out / 'training_curves.png',
    )
    tracks = {name: results[runs[name][0]] for name in VIDEO_TRACKERS}
    write_video(experiment.data / 'test', truth, tracks, experiment.out / 'tracking.mp4')


def score_row(
    name: str,
    runs: List[str],
    report: Dict[str, 'TrackerReport'],
    results: Dict[str, List['SequenceResult']],
) -> List[str]:
    """One line of the table: scores in percent, frames per second end to end."""
    from mmeatrack.evaluation.speed import run_speed

    keys = ('success_auc', 'precision20', 'norm_precision')
    scores = [
        mean_and_error([100 * getattr(report[run].scores, key) for run in runs]) for key in keys
    ]
    speed = statistics.median(run_speed(results[run])[0]['fps'] for run in runs)
    return [TRACKERS[name], *scores, f'{speed:.0f}']


def write_video(
    folder: Path, truth: 'GroundTruth', results: Dict[str, List['SequenceResult']], out: Path
) -> None:
    """One video of a test sequence of each scenario, one after the other."""
    from mmeatrack.files.frame_files import list_frames
    from mmeatrack.visualization import VideoSink, annotated_frames

    by_name = {name: {r.name: r for r in found} for name, found in results.items()}
    clips = []
    for scenario in VIDEO_SCENARIOS:
        sequence = next(name for name in truth.boxes if f'_{scenario}_' in name)
        images = folder / sequence / 'img'
        tracks = {name: found[sequence] for name, found in by_name.items()}
        clips.append(
            annotated_frames(
                [images / name for name in list_frames(images)],
                {name: result.boxes for name, result in tracks.items()},
                truth.boxes[sequence],
                {name: result.scores for name, result in tracks.items()},
                sequence,
            )
        )
    frames = itertools.chain.from_iterable(clips)
    first = next(frames)
    with VideoSink(out, 20, (first.shape[1], first.shape[0])) as sink:
        for frame in itertools.chain([first], frames):
            sink.write(frame)


if __name__ == '__main__':
    sys.exit(main())
