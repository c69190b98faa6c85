"""mmtrack's own scripts, as installed, on a toy distillation."""

import re
from pathlib import Path
from typing import Dict, List

import pytest
import torch

from lab.experiments import run_stages
from lab.experiments.commands import benchmark_stage, train_stage
from lab.experiments.micro import DISTILL_CONFIG, STUDENT_CONFIG, TEMPORAL_CONFIG
from mmeatrack.synthetic import write_split
from tests.forks import run, start

BACKBONE = dict(embed_dims=16, num_heads=2, separate_depth=2, joint_depth=1)
TEACHER = """
_base_ = {base!r}
model = dict(
    backbone=dict(embed_dims=16, num_heads=2, separate_depth=0, joint_depth=3),
    head=dict(in_channels=16, feat_channels=16))
"""


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('synthetic')
    write_split(root / 'train', 'train', 2, 24, (160, 120))  # mmtrack needs 20 frames
    write_split(root / 'test', 'test', 2, 6, (160, 120))
    return root


@pytest.fixture(scope='module')
def distilled(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work folder of a distillation of 4 steps by mmtrack's train.py."""
    folder = tmp_path_factory.mktemp('distilled')
    teacher = folder / 'teacher.py'
    teacher.write_text(
        TEACHER.format(base=str(Path('configs/_base_/models/eatrack_micro.py').resolve()))
    )
    options: Dict[str, object] = {
        **student_options('model.architecture'),
        'model.teacher': teacher,
        'model.allow_random_teacher': True,
        'model.distiller.layer_pairs': '[(2,2)]',
        'train_dataloader.dataset.data_root': data / 'train',
        'train_dataloader.batch_size': 2,
        'train_dataloader.num_workers': 0,
        'train_dataloader.persistent_workers': False,
        'train_cfg.max_iters': 4,
        'default_hooks.checkpoint.interval': 2,
        'default_hooks.logger.interval': 1,
        **dict.fromkeys(('val_cfg', 'val_dataloader', 'val_evaluator')),
    }
    run_stages([train_stage('distil', DISTILL_CONFIG, folder / 'work', options)])
    return folder / 'work'


def student_options(model: str) -> Dict[str, object]:
    options: Dict[str, object] = {f'{model}.backbone.{k}': v for k, v in BACKBONE.items()}
    return {**options, f'{model}.head.in_channels': 16, f'{model}.head.feat_channels': 16}


def run_test(
    config: Path, checkpoint: Path, data: Path, out: Path, model: str, **extra: object
) -> str:
    options = {
        **student_options(model),
        'test_dataloader.dataset.data_root': data / 'test',
        'test_dataloader.num_workers': 0,
        'test_dataloader.persistent_workers': False,
        'test_evaluator.result_dir': out,
        **extra,
    }
    stage = benchmark_stage('test', config, checkpoint, out / 'work', options)
    out.mkdir()
    return run(*stage.command[1:], cwd=Path.cwd(), log=out / 'output.txt').output


def boxes(folder: Path) -> List[str]:
    files = [
        f
        for f in sorted(folder.glob('EATrack/*.txt'))
        if not re.search('_(score|time|network_time|lost).txt', f.name)
    ]
    assert len(files) == 2
    return [file.read_text() for file in files]


def test_training_logs_all_losses_and_exports_the_student(distilled: Path) -> None:
    log = (distilled / 'output.log').read_text()
    for loss in ('student.loss_cls', 'distill.loss_feat_2_2', 'distill.loss_pred'):
        assert re.search(rf'Iter\(train\).*\[4/4\].*{re.escape(loss)}: -?\d', log)
    student = torch.load(distilled / 'iter_4_student.pth', weights_only=True)
    whole = torch.load(distilled / 'iter_4.pth', weights_only=False)['state_dict']
    for key, value in student['state_dict'].items():
        assert torch.equal(value, whole[f'architecture.{key}'])
    assert not any(key.startswith('teacher') for key in student['state_dict'])


def test_the_exported_student_is_tested_with_the_hook_on(
    distilled: Path, data: Path, tmp_path: Path
) -> None:
    store = {
        'custom_hooks.0.store.interval': 2,
        'custom_hooks.0.store.threshold': 0.0,
        'model.lost_detector.lost_below': 0.0,
    }
    student = distilled / 'iter_4_student.pth'
    plain = run_test(STUDENT_CONFIG, student, data, tmp_path / 'plain', 'model')
    assert 'uav/success_auc' in plain
    adapted = run_test(TEMPORAL_CONFIG, student, data, tmp_path / 'adapted', 'model', **store)
    times = sorted((tmp_path / 'plain' / 'EATrack').glob('*_network_time.txt'))
    assert len(times) == 2
    assert all(float(line) > 0 for path in times for line in path.read_text().split()[1:])
    # 6 frames a video: 5 are tracked, frames 2 and 4 end an interval.
    assert '10 offered, 10 confident, 4 admitted' in adapted


def test_the_distillation_config_itself_is_tested(
    distilled: Path, data: Path, tmp_path: Path
) -> None:
    run_test(STUDENT_CONFIG, distilled / 'iter_4_student.pth', data, tmp_path / 'a', 'model')
    teacher = {
        'model.teacher': distilled.parent / 'teacher.py',
        'model.allow_random_teacher': True,
        'model.distiller.layer_pairs': '[(2,2)]',
    }
    run_test(
        DISTILL_CONFIG,
        distilled / 'iter_4.pth',
        data,
        tmp_path / 'b',
        'model.architecture',
        **teacher,
    )
    assert boxes(tmp_path / 'a') == boxes(tmp_path / 'b')


def test_a_checkpoint_of_another_width_is_refused(
    distilled: Path, data: Path, tmp_path: Path
) -> None:
    options = {'test_dataloader.dataset.data_root': data / 'test'}  # with the full width
    student = distilled / 'iter_4_student.pth'
    stage = benchmark_stage('test', STUDENT_CONFIG, student, tmp_path, options)
    fork = start(*stage.command[1:], cwd=Path.cwd(), log=tmp_path / 'log.txt')
    assert fork.finish() != 0
    assert 'the checkpoint is of another model' in fork.output
