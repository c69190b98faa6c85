"""Micro experiment: data, teacher, student, distilled student and their tests as stages."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from lab.experiments.commands import benchmark_stage, train_stage
from lab.experiments.stage import MARK_NAME, Stage, StageError

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
# Tests of the temporal ablation, by which the others are judged.
WITHOUT, WITH = 'Without', 'With'
TEACHER_ITERS = 1100
STUDENT_ITERS = 500
NEAR_ITERS = 1500
# Two trainings run at a time.
_HALF_THE_CORES = max(1, (os.cpu_count() or 1) // 2)
_TQDM_LINE = re.compile(r'\|\s*(?P<step>\d+)/(?P<steps>\d+)\s*\[(?P<rest>)')


@dataclass(frozen=True)
class MicroExperiment:
    """An experiment on the synthetic set.

    The teacher is trained once, students with several seeds; a run's name is its variant's, with
    the seed unless that is 0: ``distilled``, ``distilled-seed1``.

    Attributes:
        out: Folder of its results.
        data: Folder of the synthetic set.
        threads: Threads of each training.
        train_videos, test_videos: How many videos the set has.
        data_options: More arguments of tools/make_synthetic_uav.py.
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
            StageError: If it holds something else than an experiment.
        """
        mark = self.make_data().folder / MARK_NAME  # of the first stage
        if self.out.exists() and any(self.out.iterdir()) and not mark.is_file():
            raise StageError(f'{self.out} holds no experiment: remove it yourself if you are sure.')
        shutil.rmtree(self.out, ignore_errors=True)

    def make_data(self) -> Stage:
        """The synthetic set.

        Training videos have 60 frames, test videos 100; the latter go through ten scenarios in
        turn.
        """
        command = [sys.executable, 'tools/make_synthetic_uav.py', '--out', str(self.data)]
        command += ['--size', '320x240', '--train', str(self.train_videos), '--frames', '60']
        command += ['--test', str(self.test_videos), '--test-frames', '100', '--workers', '2']
        command += [*self.data_options]
        return Stage('synthetic UAV set', command, self.out / 'data', progress=_TQDM_LINE)

    def train_teacher(self, seed: int = 0) -> Stage:
        """The teacher."""
        return self._train(run_name('teacher', seed), TEACHER_CONFIG, seed, {})

    def train_student(self, seed: int = 0) -> Stage:
        """The student without distillation."""
        return self._train(run_name('student', seed), STUDENT_CONFIG, seed, {})

    def train_distilled(
        self,
        variant: str = 'distilled',
        seed: int = 0,
        distiller: Optional[Dict[str, object]] = None,
    ) -> Stage:
        """The student distilled from the teacher.

        Args:
            variant: Name of the variant.
            seed: Seed of the training.
            distiller: Arguments of the distiller that differ from the config's.
        """
        options: Dict[str, object] = {'model.teacher_ckpt': self.teacher_checkpoint}
        for key, value in (distiller or {}).items():
            options[f'model.distiller.{key}'] = value
        teacher = self.train_teacher()
        return self._train(run_name(variant, seed), DISTILL_CONFIG, seed, options, [teacher])

    def train_auto_paired(self, variant: str, seed: int = 0) -> Stage:
        """The student distilled from the teacher's layers most similar to its undistilled ones."""
        student = run_name('student', seed)
        options: Dict[str, object] = {
            'model.teacher_ckpt': self.teacher_checkpoint,
            'custom_hooks.0.student_ckpt': self.student_checkpoint(student),
        }
        after = [self.train_teacher(), self.train_student(seed)]
        return self._train(run_name(variant, seed), AUTO_PAIR_CONFIG, seed, options, after)

    def train_from_two_teachers(self, variant: str, seed: int = 0) -> Stage:
        """The student distilled from the teacher and a teacher of another seed."""
        teachers = [self.train_teacher(), self.train_teacher(seed=1)]
        options: Dict[str, object] = {
            'model.teachers.0.ckpt': self.teacher_checkpoint,
            'model.teachers.1.ckpt': self.out / 'teacher-seed1' / self.teacher_checkpoint.name,
        }
        return self._train(run_name(variant, seed), TWO_TEACHERS_CONFIG, seed, options, teachers)

    def train_near(self, seed: int = 0) -> Stage:
        """A student of more steps, trained on pairs that are near in time."""
        return self._train(run_name('near', seed), NEAR_CONFIG, seed, {})

    def test(
        self,
        name: str,
        config: Path,
        checkpoint: Path,
        after: Stage,
        options: Optional[Dict[str, object]] = None,
    ) -> Stage:
        """A test on the test split; its raw results go to ``out/results/<name>``.

        Args:
            name: Name of the tracker in the results.
            config: Config that it is tested with.
            checkpoint: Its weights.
            after: What they come from.
            options: ``--cfg-options``.
        """
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
        """Folder of the raw results, with a folder for each test."""
        return self.out / 'results'

    @property
    def teacher_checkpoint(self) -> Path:
        """The trained teacher."""
        return self.out / 'teacher' / f'iter_{TEACHER_ITERS}.pth'

    def student_checkpoint(self, run: str) -> Path:
        """The trained student of a run, for a distillation the exported one."""
        suffix = '' if run.startswith('student') else '_student'
        return self.out / run / f'iter_{STUDENT_ITERS}{suffix}.pth'

    def near_checkpoint(self, seed: int) -> Path:
        """The student of :meth:`train_near`."""
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
            # The tests come afterwards, each a stage of its own.
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
