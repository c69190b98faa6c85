"""Distil, test and show, on synthetic UAV videos, in minutes on two CPU cores.

Makes the videos, trains a small teacher and the same student without and with distillation, tests
them and the student with temporal adaptation by mmtrack's own scripts, and writes a table, curves
and a video. At the end the tracker that comes with the package and the student made here follow a
target in a synthetic video, and in --input. Finished stages are not run again; --fresh begins anew.
Scores differ between machines by up to 2 points; the order of the trackers and the margins between
them are checked.

Exit status: 0, 1 if a stage failed, 2 if the order of the trackers is not as expected.

python tools/demo.py
python tools/demo.py --input flight.mp4 --init-bbox 310,205,42,30
"""

import argparse
import sys
import time
from pathlib import Path
from typing import List, Optional, Sequence

from lab.experiments import StageError, run_stages
from lab.experiments.followed_videos import Clip, closing_lines, follow_stages, synthetic_clip
from lab.experiments.micro import (
    STUDENT_CONFIG,
    TEACHER_CONFIG,
    TEMPORAL_CONFIG,
    MicroExperiment,
    run_name,
)


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
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
    add('--input', help='video, folder of images or camera of your own to follow a target in')
    add('--init-bbox', metavar='X,Y,W,H', help='target in the first frame of --input, in px')
    add('--fresh', action='store_true', help='remove --out and all that is in it, and begin anew')
    add('--overwrite', action='store_true', help='replace results that this tool did not write')
    args = parser.parse_args(argv)
    if (args.input is None) != (args.init_bbox is None):
        parser.error('give --input and --init-bbox together: the target is framed by hand')
    return args


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run all stages, print the table and check the order."""
    args = parse_args(sys.argv[1:] if argv is None else argv)
    from lab.experiments import demo_results
    from mmeatrack.files.outputs import check_outputs

    began = time.time()
    experiment = MicroExperiment(args.out, args.data)
    try:
        if args.fresh:
            experiment.remove()
        outputs = demo_results.main_outputs(experiment)
        check_outputs(outputs, tool=demo_results.TOOL, overwrite=args.overwrite)
        train_and_test(experiment, args.seeds)
        missed = demo_results.show(experiment, args.seeds, args.overwrite)
        follow(experiment, args)
    except (OSError, StageError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print('\n'.join(missed) or 'The order of the trackers and the margins are as expected.')
    print(f'{time.time() - began:.0f} s; everything is in {args.out}')
    return 2 if missed else 0


def follow(experiment: MicroExperiment, args: argparse.Namespace) -> None:
    """Follow targets with the shipped tracker and the student made here; print what came of it."""
    clips = [synthetic_clip(experiment.data)]
    if args.input is not None:
        clips.append(Clip('input', args.input, args.init_bbox))
    stages = [stage for clip in clips for stage in follow_stages(experiment, clip, args.seeds[0])]
    run_stages(stages, parallel=2)
    for stage in stages:
        print('\n' + '\n  '.join([f'{stage.name}:', *closing_lines(stage)]))


def train_and_test(experiment: MicroExperiment, seeds: List[int]) -> None:
    """Two trainings at a time, each with half the cores; then the tests in the same way.

    A seed gives the same students beside others as alone: threads change the rounding.
    """
    run_stages([experiment.make_data()])
    teacher = experiment.train_teacher()
    students = {seed: experiment.train_student(seed) for seed in seeds}
    distilled = {seed: experiment.train_distilled(seed=seed) for seed in seeds}
    run_stages([teacher, *students.values()], parallel=2)
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


if __name__ == '__main__':
    sys.exit(main())
