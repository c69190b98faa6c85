from pathlib import Path
from typing import Dict, List

import pytest
from mmengine.config import Config

from lab import nano_table

PLACES = ['--packs', 'packs', '--photos', 'photos', '--cutouts', 'cutouts', '--out', 'out']


def args(*more: str) -> nano_table.argparse.Namespace:
    return nano_table.parse_args(['sequences', *PLACES, *more])


def options(command: List[str]) -> Dict[str, str]:
    return dict(each.split('=', 1) for each in command[command.index('--cfg-options') + 1 :])


def test_students_take_the_same_steps_and_distilled_ones_have_the_teacher() -> None:
    given = args('--steps', '300', '--device', 'cpu', '--lr', '0.001', '--teacher', 'teacher.pth')
    given.start = Path('start.pth')
    teacher = nano_table.training(given, 'teacher', 'eatrack_teacher_nano', 0, {})
    plain = nano_table.student(given, 'none', 2)
    feature = nano_table.student(given, 'feature', 2)
    found = [options(list(map(str, stage.command))) for stage in (teacher, plain, feature)]
    assert {each['train_cfg.max_iters'] for each in found} == {'300'}
    assert {each['param_scheduler.1.T_max'] for each in found} == {'200'}
    assert [each['randomness.seed'] for each in found] == ['0', '2', '2']
    assert {each['optim_wrapper.optimizer.lr'] for each in found} == {'0.001'}
    assert nano_table.checkpoint(given, teacher) == Path('out/teacher/iter_300.pth')
    assert found[2]['model.teacher_ckpt'] == 'teacher.pth'
    assert found[2]['model.distiller.prediction_weight'] == '0.0'
    assert 'model.teacher_ckpt' not in found[1]
    assert [each.get('load_from') for each in found] == [None, 'start.pth', 'start.pth']
    assert nano_table.checkpoint(given, feature).name == 'iter_300_student.pth'


def test_the_table_has_means_and_errors_over_seeds() -> None:
    given = args('--seeds', '0', '1')
    score = dict(success=0.4, precision=0.7, fps=30.0)
    names = ['teacher', *(f'{row}-{seed}' for row in nano_table.ROWS for seed in (0, 1))]
    plain = {name: dict(score) for name in names}
    plain['both-1'] = dict(success=0.5, precision=0.8, fps=50.0)
    lines = nano_table.table(given, plain, plain).splitlines()
    rows = [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]
    assert rows[2] == ['teacher', '40.0', '70.0', '30']
    assert rows[5] == ['both', '45.0 ± 5.0', '75.0 ± 5.0', '40']
    assert rows[8][:2] == ['both + temporal', '45.0 ± 5.0']


def test_steps_have_to_exceed_the_warm_up(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        args('--steps', '100')
    assert 'must be above the warm-up of 100' in capsys.readouterr().err


def test_a_given_teacher_is_scored() -> None:
    given = args('--teacher', 'teacher.pth')
    stage = nano_table.evaluation(given, [nano_table.student(given, 'both', 0)], temporal=False)
    ours = [word for word in stage.command if ',' in word]
    assert [word.split('=')[0] for word in ours] == ['teacher', 'both-0']
    assert ours[0].endswith('eatrack_teacher_nano.py,teacher.pth')
    assert ours[1].endswith('both-0/iter_1000_student.pth')


def test_students_are_scored_with_the_settings_of_the_shipped_student() -> None:
    given = args('--teacher', 'teacher.pth')
    stage = nano_table.evaluation(given, [nano_table.student(given, 'none', 0)], temporal=True)
    (student,) = [word for word in stage.command if word.startswith('none-0=')]
    shipped = Config.fromfile(student[len('none-0=') :].split(',')[0]).model
    assert shipped.confidence.type == 'mmeatrack.CalibratedConfidence'
    found = options(stage.command)  # the teacher's too
    assert found == {f'model.test_cfg.{k}': str(v) for k, v in shipped.test_cfg.items()}
    assert found['model.test_cfg.size_smoothing'] == '0.8'
