"""Measure the gain of distillation inside the target on real video, with the nano models.

Trains the teacher, then per seed a student without distillation, with L_feat, and with L_feat and
L_pred, all for the same number of steps. Runs all on real sequences, without and with temporal
adaptation. Several trainings can share one GPU: a nano model leaves most of it idle. An interrupted
run continues where it stopped.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Dict, List, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmengine.config import Config

from lab.experiments.commands import train_stage
from lab.experiments.results import mean_and_error
from lab.experiments.stage import Stage, run_stages
from mmeatrack.evaluation.tables import markdown_table
from mmeatrack.files.command_line import run_tool, tool_parser

EXAMPLE = """example:
  python tools/lab/nano_table.py data/real_sequences --packs data/packs \\
      --photos data/stills/photos --cutouts data/stills/cutouts --steps 1000 --seeds 0 1 2 --jobs 9
"""
ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / 'configs/eatrack'
# Tracking settings: the whole config for students, ``test_cfg`` alone for the teacher.
SHIPPED = CONFIGS / 'eatrack_nano_test-real-footage.py'
NAME = '{}_1xb256-2000i_mixed-pairs.py'
WARM_UP = 100
# Rows of students: options of their distillation.
PLAIN = 'none'
DISTILLED: Dict[str, Dict[str, object]] = {
    'feature': {'model.distiller.prediction_weight': 0.0},
    'both': {},
}
ROWS = (PLAIN, *DISTILLED)


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, EXAMPLE)
    add = parser.add_argument
    add('sequences', type=Path, help='folder of real sequences (tools/lab/real_sequences.py)')
    add('--packs', type=Path, required=True, help='folder of packs (tools/lab/pack_synthetic.py)')
    add('--photos', type=Path, required=True, help='folder of photographs')
    add('--cutouts', type=Path, required=True, help='folder of cut-outs')
    add('--steps', type=int, default=1000, help='of each training (default: %(default)s)')
    add('--batch', type=int, default=256, help='pairs per step (default: %(default)s)')
    add('--lr', type=float, default=1.5e-3, help='peak learning rate (default: %(default)s)')
    add('--teacher', type=Path, help='checkpoint of a trained teacher; without it, one is trained')
    add('--seeds', type=int, nargs='+', default=[0, 1, 2], help='of the students')
    add('--device', default='cuda', help='cuda or cpu (default: %(default)s)')
    add('--jobs', type=int, default=1, help='trainings at a time (default: %(default)s)')
    add('--nanotrack', nargs=2, metavar='ONNX', help='backbone and head of cv2.TrackerNano')
    add('--start', type=Path, help='initial weights of the students (default: random)')
    add('--csrt', action='store_true', help="OpenCV's CSRT (opencv-contrib-python)")
    add('--out', type=Path, default=Path('work_dirs/nano_table'), help='folder of all results')
    args = parser.parse_args(argv)
    if args.steps <= WARM_UP:
        parser.error(f'--steps {args.steps} must be above the warm-up of {WARM_UP}')
    return args


def main(argv: Sequence[str]) -> int:
    """Run the command line; 1 if a stage fails."""
    return run_tool(run, parse_args(argv))


def run(args: argparse.Namespace) -> None:
    """Train, run on the sequences and print the table."""
    teachers = []
    if args.teacher is None:
        teachers.append(training(args, 'teacher', 'eatrack_teacher_nano', 0, {}))
        args.teacher = checkpoint(args, teachers[0])
    plain = [student(args, PLAIN, seed) for seed in args.seeds]
    run_stages([*teachers, *plain], args.jobs)
    distilled = [student(args, row, seed, teachers) for row in DISTILLED for seed in args.seeds]
    run_stages(distilled, args.jobs)
    trained = [*teachers, *plain, *distilled]
    scored = [evaluation(args, trained, temporal) for temporal in (False, True)]
    run_stages(scored)
    scores = [json.loads((each.folder / 'scores.json').read_text()) for each in scored]
    print(table(args, *scores))


def student(args: argparse.Namespace, row: str, seed: int, after: Sequence[Stage] = ()) -> Stage:
    """Training of a student; of a distilled one, after that of its teacher."""
    name = f'{row}-{seed}'
    options: Dict[str, object] = {} if args.start is None else {'load_from': args.start}
    if row == PLAIN:
        return training(args, name, 'eatrack_nano', seed, options)
    options = {**options, **DISTILLED[row], 'model.teacher_ckpt': args.teacher}
    return training(args, name, 'eatrack_nano_distill', seed, options, after)


def training(
    args: argparse.Namespace,
    name: str,
    config: str,
    seed: int,
    options: Dict[str, object],
    after: Sequence[Stage] = (),
) -> Stage:
    """Training of ``--steps`` steps: a warm-up and one cosine."""
    data, steps = 'train_dataloader.dataset.', args.steps
    common: Dict[str, object] = {
        'train_cfg.max_iters': steps,
        'param_scheduler.1.end': steps,
        'param_scheduler.1.T_max': steps - WARM_UP,
        'train_dataloader.batch_size': args.batch,
        'optim_wrapper.optimizer.lr': args.lr,
        'randomness.seed': seed,
        f'{data}seed': seed,
        f'{data}device': args.device,
        f'{data}sets.0.pack_root': args.packs,
        f'{data}sets.1.photo_root': args.photos,
        f'{data}sets.1.cutout_root': args.cutouts,
    }
    if args.device == 'cpu':
        common['optim_wrapper.dtype'] = 'float32'
    path = CONFIGS / NAME.format(config)
    return train_stage(name, path, args.out / name, {**common, **options}, after)


def checkpoint(args: argparse.Namespace, stage: Stage) -> Path:
    """Checkpoint of a finished training; of a distillation, that of the student."""
    part = '_student' if stage.name.split('-')[0] in DISTILLED else ''
    return stage.folder / f'iter_{args.steps}{part}.pth'


def evaluation(args: argparse.Namespace, trained: Sequence[Stage], temporal: bool) -> Stage:
    """Run of all trackers on the real sequences, interleaved in one process."""
    command: List[object] = [sys.executable, ROOT / 'tools/lab/real_sequences.py', args.sequences]
    folder = args.out / ('temporal' if temporal else 'plain')
    command += ['--out', folder, '--temporal' if temporal else '--no-temporal', '--ours']
    command.append(f'teacher={ROOT}/configs/_base_/models/eatrack_teacher_nano.py,{args.teacher}')
    students = [each for each in trained if each.name != 'teacher']
    command += [f'{each.name}={SHIPPED},{checkpoint(args, each)}' for each in students]
    if args.nanotrack and not temporal:
        command += ['--nanotrack', *args.nanotrack]
    if args.csrt and not temporal:
        command.append('--csrt')
    settings = Config.fromfile(SHIPPED).model.test_cfg
    command += ['--cfg-options', *(f'model.test_cfg.{key}={settings[key]}' for key in settings)]
    name = 'real sequences, temporal' if temporal else 'real sequences'
    return Stage(name, [str(word) for word in command], folder, after=trained)


def table(args: argparse.Namespace, plain: Dict[str, dict], temporal: Dict[str, dict]) -> str:
    """Success and precision by row, with mean and standard error over seeds."""
    lines: List[List[str]] = []
    rows = [(row, [f'{row}-{seed}' for seed in args.seeds]) for row in ROWS]
    shown = [('teacher', ['teacher'], plain), *((row, names, plain) for row, names in rows)]
    shown += [(f'{row} + temporal', names, temporal) for row, names in rows]
    shown += [(name, [name], plain) for name in ('NanoTrack v2', 'CSRT') if name in plain]
    for label, names, found in shown:
        cells = [
            mean_and_error([100 * found[name][key] for name in names])
            for key in ('success', 'precision')
        ]
        speed = sum(found[name]['fps'] for name in names) / len(names)
        lines.append([label, *cells, f'{speed:.0f}'])
    return markdown_table(['', 'success', 'precision', 'frames/s'], lines)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
