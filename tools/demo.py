"""Distil, test and show, on synthetic UAV videos, in minutes on two CPU cores.

Makes the videos, trains a small teacher and the same student without and with distillation, and
tests all of them, also with temporal adaptation, by mmtrack's own scripts. Writes a table, curves
and a video. Finally the shipped tracker and the distilled student follow a target in a synthetic
video, and in --input. Finished stages are not run again; --fresh starts over. Scores differ between
machines by up to 2 points; the order of the trackers and the margins between them are checked.

Exit status: 0, 1 if a stage failed, 2 if the order of the trackers is not as expected.

python tools/demo.py
python tools/demo.py --input flight.mp4 --init-bbox 310,205,42,30
"""

import argparse
import sys
import time
from pathlib import Path
from typing import List, Optional, Sequence

from lab.experiments import run_stages
from lab.experiments.followed_videos import Clip, closing_lines, follow_stages, synthetic_clip
from lab.experiments.micro import (
    STUDENT_CONFIG,
    TEACHER_CONFIG,
    TEMPORAL_CONFIG,
    MicroExperiment,
    add_options,
    run_name,
)
from mmeatrack.files.command_line import run_tool, tool_parser
from mmeatrack.files.outputs import check_outputs


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__)
    add = parser.add_argument
    add('--input', help='your own video, folder of images or camera to follow a target in')
    add('--init-bbox', metavar='X,Y,W,H', help='target in the first frame of --input, in px')
    add('--fresh', action='store_true', help='delete --out with all its contents and start over')
    add_options(parser, 'work_dirs/demo', 'data/synthetic_uav', (0,))
    args = parser.parse_args(argv)
    if (args.input is None) != (args.init_bbox is None):
        parser.error('give --input and --init-bbox together: --init-bbox frames the target')
    return args


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(run, parse_args(argv))


def run(args: argparse.Namespace) -> int:
    """Run the stages that are not finished, print the table and check the order."""
    from lab.experiments import demo_results

    began = time.time()
    experiment = MicroExperiment(args.out, args.data)
    if args.fresh:
        if args.input and args.out.resolve() in Path(args.input).resolve().parents:
            raise ValueError(
                f'--fresh deletes {args.out}, and --input {args.input} in it: move it.'
            )
        experiment.remove()
    outputs = demo_results.main_outputs(experiment)
    check_outputs(outputs, tool=demo_results.TOOL, overwrite=args.overwrite)
    train_and_test(experiment, args.seeds)
    missed = demo_results.show(experiment, args.seeds, args.overwrite)
    follow(experiment, args)
    print('\n'.join(missed) or 'The order of the trackers and the margins are as expected.')
    print(f'{time.time() - began:.0f} s; everything is in {args.out}')
    return 2 if missed else 0


def follow(experiment: MicroExperiment, args: argparse.Namespace) -> None:
    """Follow targets with the shipped tracker and the distilled student; print their summaries."""
    clips = [synthetic_clip(experiment.data)]
    if args.input is not None:
        clips.append(Clip('input', args.input, args.init_bbox))
    stages = [stage for clip in clips for stage in follow_stages(experiment, clip, args.seeds[0])]
    run_stages(stages, parallel=2)
    for stage in stages:
        print('\n' + '\n  '.join([f'{stage.name}:', *closing_lines(stage)]))


def train_and_test(experiment: MicroExperiment, seeds: List[int]) -> None:
    """Train, then test; two stages at a time, each with half the cores.

    A student trained alone gets no more threads, since they change the rounding.
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
