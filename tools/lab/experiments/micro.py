"""Micro experiment: stages of data, teacher, student, distilled student and their tests."""

import argparse
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from lab.experiments.commands import benchmark_stage, train_stage
from lab.experiments.stage import MARK_NAME, TQDM_PROGRESS, Stage, StageError
from mmeatrack.files.command_line import add_output_folder

CONFIGS = Path('configs/eatrack')
TEACHER_CONFIG = CONFIGS / 'eatrack_teacher_micro_1xb16-1100i_synthetic-uav.py'
STUDENT_CONFIG = CONFIGS / 'eatrack_micro_1xb16-500i_synthetic-uav.py'
DISTILL_CONFIG = CONFIGS / 'eatrack_micro_distill_1xb16-500i_synthetic-uav.py'
AUTO_PAIR_CONFIG = CONFIGS / 'eatrack_micro_distill-auto_1xb16-500i_synthetic-uav.py'
TWO_TEACHERS_CONFIG = CONFIGS / 'eatrack_micro_distill-two-teachers_1xb16-500i_synthetic-uav.py'
TEMPORAL_CONFIG = CONFIGS / 'eatrack_micro_temporal_synthetic-uav.py'
NEAR_CONFIG = CONFIGS / 'eatrack_micro_1xb16-1500i_synthetic-uav-near.py'
NEAR_TEMPORAL_CONFIG = CONFIGS / 'eatrack_micro_temporal_synthetic-uav-near.py'
NEAR_ORACLE_VIEWS_CONFIG = CONFIGS / 'eatrack_micro_temporal-oracle-views_synthetic-uav-near.py'
# Reference tests of the temporal ablation.
WITHOUT, WITH = 'Without', 'With'
TEACHER_ITERS = 1100
STUDENT_ITERS = 500
NEAR_ITERS = 1500
# Two trainings run at a time.
_HALF_THE_CORES = max(1, (os.cpu_count() or 1) // 2)


@dataclass(frozen=True)
class MicroExperiment:
    """Experiment on the synthetic set.

    The teacher is trained once, students with several seeds. A run is named after its variant, and
    after its seed unless that is 0: ``distilled``, ``distilled-seed1``.

    Attributes:
        out: Folder of the results.
        data: Folder of the synthetic set.
        threads: Threads of each training.
        train_videos, test_videos: Numbers of videos in the set.
        data_options: Further arguments of tools/make_synthetic_uav.py.
    """

    out: Path
    data: Path
    threads: int = _HALF_THE_CORES
    train_videos: int = 60
    test_videos: int = 50
    data_options: Tuple[str, ...] = ()

    def remove(self) -> None:
        """Remove the folder of the results, for a fresh start.

        Raises:
            StageError: If the folder does not hold an experiment.
        """
        mark = self.make_data().folder / MARK_NAME  # of the first stage
        if self.out.exists() and any(self.out.iterdir()) and not mark.is_file():
            raise StageError(f'{self.out} holds no experiment: remove it by hand if you are sure.')
        shutil.rmtree(self.out, ignore_errors=True)

    def make_data(self) -> Stage:
        """Synthetic set: training videos of 60 frames, test videos of 100 in ten scenarios."""
        command = [sys.executable, 'tools/make_synthetic_uav.py', '--out', str(self.data)]
        command += ['--size', '320x240', '--train', str(self.train_videos), '--frames', '60']
        command += ['--test', str(self.test_videos), '--test-frames', '100', '--workers', '2']
        command += self.data_options
        return Stage('synthetic UAV set', command, self.out / 'data', progress=TQDM_PROGRESS)

    def train_teacher(self, seed: int = 0) -> Stage:
        """Training of the teacher."""
        return self._train(run_name('teacher', seed), TEACHER_CONFIG, seed, {})

    def train_student(self, seed: int = 0) -> Stage:
        """Training of the student without distillation."""
        return self._train(run_name('student', seed), STUDENT_CONFIG, seed, {})

    def train_distilled(
        self,
        variant: str = 'distilled',
        seed: int = 0,
        distiller: Optional[Dict[str, object]] = None,
    ) -> Stage:
        """Distillation from the teacher; ``distiller`` overrides arguments of the distiller."""
        options: Dict[str, object] = {'model.teacher_ckpt': self.teacher_checkpoint}
        options.update({f'model.distiller.{key}': each for key, each in (distiller or {}).items()})
        teacher = self.train_teacher()
        return self._train(run_name(variant, seed), DISTILL_CONFIG, seed, options, [teacher])

    def train_auto_paired(self, variant: str, seed: int = 0) -> Stage:
        """Distillation from the teacher's layers that resemble the undistilled student's most."""
        student = run_name('student', seed)
        options: Dict[str, object] = {
            'model.teacher_ckpt': self.teacher_checkpoint,
            'custom_hooks.0.student_ckpt': self.student_checkpoint(student),
        }
        after = [self.train_teacher(), self.train_student(seed)]
        return self._train(run_name(variant, seed), AUTO_PAIR_CONFIG, seed, options, after)

    def train_from_two_teachers(self, variant: str, seed: int = 0) -> Stage:
        """Distillation from two teachers of different seeds."""
        teachers = [self.train_teacher(), self.train_teacher(seed=1)]
        options: Dict[str, object] = {
            'model.teachers.0.ckpt': self.teacher_checkpoint,
            'model.teachers.1.ckpt': self.out / 'teacher-seed1' / self.teacher_checkpoint.name,
        }
        return self._train(run_name(variant, seed), TWO_TEACHERS_CONFIG, seed, options, teachers)

    def train_near(self, seed: int = 0) -> Stage:
        """Longer training of a student on pairs that are close in time."""
        return self._train(run_name('near', seed), NEAR_CONFIG, seed, {})

    def test(
        self,
        name: str,
        config: Path,
        checkpoint: Path,
        after: Stage,
        options: Optional[Dict[str, object]] = None,
    ) -> Stage:
        """Test on the test split after a training, with raw results in ``out/results/<name>``."""
        common: Dict[str, object] = {
            'test_dataloader.dataset.data_root': self.data / 'test',
            'test_evaluator.result_dir': self.results,
            'test_evaluator.tracker_name': name,
        }
        folder = self.out / 'tests' / name
        return benchmark_stage(
            f'test {name}', config, checkpoint, folder, {**common, **(options or {})}, [after]
        )

    @property
    def results(self) -> Path:
        """Folder of the raw results, with a subfolder for each test."""
        return self.out / 'results'

    @property
    def teacher_checkpoint(self) -> Path:
        """Checkpoint of the trained teacher."""
        return self.out / 'teacher' / f'iter_{TEACHER_ITERS}.pth'

    def student_checkpoint(self, run: str) -> Path:
        """Checkpoint of a run's student; of a distillation, the exported one."""
        suffix = '' if run.startswith('student') else '_student'
        return self.out / run / f'iter_{STUDENT_ITERS}{suffix}.pth'

    def near_checkpoint(self, seed: int) -> Path:
        """Checkpoint of :meth:`train_near`."""
        return self.out / run_name('near', seed) / f'iter_{NEAR_ITERS}.pth'

    def _train(
        self,
        name: str,
        config: Path,
        seed: int,
        options: Dict[str, object],
        after: Optional[List[Stage]] = None,
    ) -> Stage:
        common: Dict[str, object] = {
            'train_dataloader.dataset.data_root': self.data / 'train',
            'randomness.seed': seed,
            # Tests are separate stages.
            **dict.fromkeys(('val_cfg', 'val_dataloader', 'val_evaluator')),
        }
        return train_stage(
            f'train {name}',
            config,
            self.out / name,
            {**common, **options},
            [self.make_data(), *(after or [])],
            self.threads,
        )


def run_name(variant: str, seed: int) -> str:
    """Name of a run and of its folder."""
    return f'{variant}-seed{seed}' if seed else variant


def add_options(parser: argparse.ArgumentParser, out: str, data: str, seeds: Sequence[int]) -> None:
    """Add the options of all experiments, with their defaults."""
    parser.add_argument(
        '--data',
        type=Path,
        default=Path(data),
        help='videos, generated there if missing (default: %(default)s)',
    )
    parser.add_argument(
        '--seeds',
        type=int,
        nargs='+',
        default=list(seeds),
        help='seeds of the students; several give mean and standard error (default: %(default)s)',
    )
    add_output_folder(parser, out)
