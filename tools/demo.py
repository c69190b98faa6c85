"""Distil, test and show, on synthetic UAV videos, in minutes on two CPU cores.

Makes the videos, trains a small teacher and the same student without and with distillation, tests
them and the student with temporal adaptation by mmtrack's own scripts, and writes a table, curves
and a video. What is finished is not done again; --fresh begins anew.

python tools/demo.py
"""

import argparse
import itertools
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Dict, List

from mmeatrack.evaluation.benchmark_report import score_trackers
from mmeatrack.evaluation.ground_truth import GroundTruth, load_attributes, load_ground_truth
from mmeatrack.evaluation.report_files import write_report_files
from mmeatrack.evaluation.result_source import open_results
from mmeatrack.evaluation.run_folder import RunFolder, SequenceResult
from mmeatrack.evaluation.speed import run_speed
from mmeatrack.evaluation.tables import markdown_table
from mmeatrack.experiments import StageError, run_stages
from mmeatrack.experiments.micro import (
    STUDENT_CONFIG,
    TEACHER_CONFIG,
    TEMPORAL_CONFIG,
    MicroExperiment,
)
from mmeatrack.visualization import VideoSink, annotated_frames, plot_training_curves

TRACKERS = {
    'Teacher': 'teacher, 6 joint layers',
    'Student': 'student without distillation',
    'Distilled': 'student, distilled',
    'Distilled+Temporal': 'student, distilled, temporal adaptation',
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
    add('--seed', type=int, default=0, help='seed of the trainings (default: %(default)s)')
    add('--fresh', action='store_true', help='remove --out first and begin anew')
    return parser.parse_args()


def main() -> int:
    """Run all stages, print the table; 1 if a stage failed."""
    args = parse_args()
    began = time.time()
    if args.fresh:
        shutil.rmtree(args.out, ignore_errors=True)
    cores = os.cpu_count() or 1
    experiment = MicroExperiment(args.out, args.data, args.seed, threads=max(1, cores // 2))
    try:
        train_and_test(experiment)
    except StageError as error:
        print(error, file=sys.stderr)
        print('What is finished is kept: run the same command to go on.', file=sys.stderr)
        return 1
    show(experiment)
    print(f'\n{time.time() - began:.0f} s; everything is in {args.out}')
    return 0


def train_and_test(experiment: MicroExperiment) -> None:
    """All that takes time; two trainings run side by side."""
    run_stages([experiment.make_data()])
    teacher, student = experiment.train_teacher(), experiment.train_student()
    distilled = experiment.train_distilled()
    run_stages([teacher, student], parallel=2)
    run_stages([distilled])
    exported = experiment.checkpoint('distilled', student=True)
    student_checkpoint = experiment.checkpoint('student')
    tests = [
        experiment.test('Teacher', TEACHER_CONFIG, experiment.checkpoint('teacher'), teacher),
        experiment.test('Student', STUDENT_CONFIG, student_checkpoint, student),
        experiment.test('Distilled', STUDENT_CONFIG, exported, distilled),
        experiment.test('Distilled+Temporal', TEMPORAL_CONFIG, exported, distilled),
    ]
    run_stages(tests)


def show(experiment: MicroExperiment) -> None:
    """Table, curves and video."""
    truth = load_ground_truth(experiment.data / 'test')
    results = {name: read_results(experiment, name, truth) for name in TRACKERS}
    files = [
        file
        for name in TRACKERS
        for file in open_results(f'{name}={experiment.out / "results" / name}', truth.boxes)
    ]
    report = score_trackers(truth, files, 'miss', None, load_attributes(truth, ()))
    write_report_files(experiment.out / 'evaluation', report, 'the synthetic UAV set')
    rows = [score_row(name, report[name], run_speed(results[name])[0]['fps']) for name in TRACKERS]
    table = markdown_table(
        ['tracker', 'success AUC', 'precision @20px', 'norm. precision @0.2', 'frames/s'], rows
    )
    (experiment.out / 'table.md').write_text(table)
    print('\n' + table)
    plot_training_curves(
        {name: experiment.out / name for name in ('teacher', 'student', 'distilled')},
        experiment.out / 'training_curves.png',
    )
    shown = {name: results[name] for name in VIDEO_TRACKERS}
    write_video(experiment.data / 'test', truth, shown, experiment.out / 'tracking.mp4')


def read_results(
    experiment: MicroExperiment, name: str, truth: GroundTruth
) -> List[SequenceResult]:
    """Raw results of one tracker, in the order of the sequences."""
    folder = RunFolder(experiment.out / 'results' / name)
    found = [folder.read(sequence, len(boxes)) for sequence, boxes in truth.boxes.items()]
    return [result for result in found if result is not None]


def score_row(name: str, entry: dict, fps: float) -> List[str]:
    """One line of the table, scores in percent."""
    scores = [entry['success_auc'], entry['precision20'], entry['norm_precision']]
    return [TRACKERS[name], *(f'{100 * score:.1f}' for score in scores), f'{fps:.0f}']


def write_video(
    folder: Path, truth: GroundTruth, results: Dict[str, List[SequenceResult]], out: Path
) -> None:
    """One video of a test sequence of each scenario, one after the other."""
    by_name = {name: {r.name: r for r in found} for name, found in results.items()}
    clips = []
    for scenario in VIDEO_SCENARIOS:
        sequence = next(name for name in truth.boxes if f'_{scenario}_' in name)
        tracks = {name: found[sequence] for name, found in by_name.items()}
        clips.append(
            annotated_frames(
                sorted((folder / sequence / 'img').glob('*.jpg')),
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
