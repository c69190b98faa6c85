from pathlib import Path
from typing import Dict, List

import pytest

from lab import nano_table

PLACES = ['--packs', 'packs', '--photos', 'photos', '--cutouts', 'cutouts', '--out', 'out']


def args(*more: str) -> nano_table.argparse.Namespace:
    return nano_table.parse_args(['sequences', *PLACES, *more])


def options(command: List[str]) -> Dict[str, str]:
    return dict(each.split('=', 1) for each in command[command.index('--cfg-options') + 1 :])


def test_all_students_take_the_same_steps_and_the_distilled_the_teachers_weights() -> None:
    given = args('--steps', '300', '--device', 'cpu')
    teacher = nano_table.training(given, 'teacher', 'eatrack_teacher_nano', 0, {})
    plain = nano_table.student(given, 'none', 2)
    feature = nano_table.student(given, 'feature', 2, teacher)
    found = [options(list(map(str, stage.command))) for stage in (teacher, plain, feature)]
    assert {each['train_cfg.max_iters'] for each in found} == {'300'}
    assert {each['param_scheduler.1.T_max'] for each in found} == {'200'}
    assert [each['randomness.seed'] for each in found] == ['0', '2', '2']
    assert found[2]['model.teacher_ckpt'] == str(Path('out/teacher/iter_300.pth'))
    assert found[2]['model.distiller.prediction_weight'] == '0.0'
    assert 'model.teacher_ckpt' not in found[1]
    assert nano_table.checkpoint(given, feature).name == 'iter_300_student.pth'


def test_the_table_has_means_and_errors_over_seeds() -> None:
    given = args('--seeds', '0', '1')
    score = dict(success=0.4, precision=0.7, fps=30.0)
    names = ['teacher', *(f'{row}-{seed}' for row in nano_table.ROWS for seed in (0, 1))]
    plain = {name: dict(score) for name in names}
    plain['both-1'] = dict(success=0.5, precision=0.8, fps=50.0)
    lines = nano_table.table(given, plain, plain).splitlines()
    assert lines[2] == '| teacher | 40.0 | 70.0 | 30 |'
    assert lines[5] == '| both | 45.0 ± 5.0 | 75.0 ± 5.0 | 40 |'
    assert lines[8].startswith('| both + temporal | 45.0')


def test_steps_have_to_exceed_the_warm_up(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        args('--steps', '100')
    assert 'must be above the warm-up of 100' in capsys.readouterr().err
