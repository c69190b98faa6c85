"""The micro experiment: data, teacher, student, distilled student and their tests as stages."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional

from mmeatrack.experiments.commands import benchmark_stage, train_stage
from mmeatrack.experiments.stage import Stage

CONFIGS = Path('configs/eatrack')
TEACHER_CONFIG = CONFIGS / 'eatrack_teacher_micro_1xb32-800i_synthetic-uav.py'
STUDENT_CONFIG = CONFIGS / 'eatrack_micro_1xb32-800i_synthetic-uav.py'
DISTILL_CONFIG = CONFIGS / 'eatrack_micro_distill_1xb32-800i_synthetic-uav.py'
TEMPORAL_CONFIG = CONFIGS / 'eatrack_micro_temporal_synthetic-uav.py'
TRAIN_ITERS = 800
_TQDM_LINE = re.compile(r'\|\s*(?P<step>\d+)/(?P<steps>\d+)\s*\[(?P<rest>)')


@dataclass(frozen=True)
class MicroExperiment:
    """Paths and seed of one experiment on the synthetic set.

    Attributes:
        out: Its folder.
        data: Folder of the synthetic set.
        seed: Seed of all trainings.
        iters: Steps of each training.
        threads: Threads of a training when two run side by side.
    """

    out: Path
    data: Path
    seed: int = 0
    iters: int = TRAIN_ITERS
    threads: int = 1

    def make_data(self) -> Stage:
        """The synthetic set; its seed is the default, so that all experiments share it."""
        command = [sys.executable, 'tools/make_synthetic_uav.py', '--out', str(self.data)]
        command += ['--size', '360x270', '--train', '60', '--frames', '60']
        command += ['--test', '20', '--test-frames', '100', '--workers', '2']
        return Stage('synthetic UAV set', command, self.out / 'data', progress=_TQDM_LINE)

    def train_teacher(self) -> Stage:
        """The teacher, trained once."""
        return self._train('teacher', TEACHER_CONFIG, {})

    def train_student(self) -> Stage:
        """The student without distillation."""
        return self._train('student', STUDENT_CONFIG, {})

    def train_distilled(
        self, name: str = 'distilled', distiller: Optional[Dict[str, object]] = None
    ) -> Stage:
        """The student distilled from the teacher.

        Args:
            name: Name of the variant, and of its folder.
            distiller: Arguments of the distiller that differ from the config's.
        """
        options: Dict[str, object] = {'model.teacher_ckpt': self.checkpoint('teacher')}
        for key, value in (distiller or {}).items():
            options[f'model.distiller.{key}'] = value
        return self._train(name, DISTILL_CONFIG, options, [self.train_teacher()])

    def test(self, name: str, config: Path, checkpoint: Path, after: Stage) -> Stage:
        """A test on the test split; its raw results go to ``out/results/<name>``."""
        options: Dict[str, object] = {
            'data_root': self.data,
            'test_dataloader.dataset.data_root': self.data / 'test',
            'test_evaluator.result_dir': self.out / 'results',
            'test_evaluator.tracker_name': name,
        }
        folder = self.out / 'tests' / name
        return benchmark_stage(f'test {name}', config, checkpoint, folder, options, [after])

    def checkpoint(self, name: str, student: bool = False) -> Path:
        """Last checkpoint of a training, or the exported student of a distillation."""
        return self.out / name / f'iter_{self.iters}{"_student" if student else ""}.pth'

    def _train(
        self,
        name: str,
        config: Path,
        options: Dict[str, object],
        after: Optional[List[Stage]] = None,
    ) -> Stage:
        common: Dict[str, object] = {
            'train_dataloader.dataset.data_root': self.data / 'train',
            'val_dataloader.dataset.data_root': self.data / 'test',
            'randomness.seed': self.seed,
        }
        if self.iters != TRAIN_ITERS:
            common['train_cfg.max_iters'] = self.iters
            common['param_scheduler.1.end'] = self.iters
        return train_stage(
            f'train {name}',
            config,
            self.out / name,
            {**common, **options},
            [self.make_data(), *(after or [])],
            self.threads,
        )
