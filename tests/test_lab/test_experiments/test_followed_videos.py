from pathlib import Path

import pytest

import demo
from lab.experiments.followed_videos import Clip, closing_lines, follow_stages, synthetic_clip
from lab.experiments.micro import MicroExperiment


def test_the_clip_is_the_first_occlusion(tmp_path: Path) -> None:
    for name in ('bird_distractor_001', 'car_occlusion_002', 'van_occlusion_003'):
        (tmp_path / 'test' / name).mkdir(parents=True)
        boxes = f'1.5,2,{len(name)},4\n5,6,7,8\n'
        (tmp_path / 'test' / name / 'groundtruth_rect.txt').write_text(boxes)
    clip = synthetic_clip(tmp_path)
    folder = tmp_path / 'test/car_occlusion_002'
    assert clip == Clip('synthetic', str(folder), '1.5,2,17,4', folder / 'groundtruth_rect.txt')


def test_shipped_tracker_and_student_follow_a_clip(tmp_path: Path) -> None:
    experiment = MicroExperiment(tmp_path / 'out', tmp_path / 'data')
    shipped, student = follow_stages(experiment, Clip('input', 'flight.mp4', '-1,2,3,4'), seed=1)
    assert '--config' not in shipped.command
    assert '--init-bbox=-1,2,3,4' in shipped.command
    checkpoint = student.command[student.command.index('--checkpoint') + 1]
    assert checkpoint == str(experiment.student_checkpoint('distilled-seed1'))
    assert shipped.folder != student.folder
    shipped.folder.mkdir(parents=True)
    shipped.log.write_text('x  50%|## | 1/2\rframes\nlosses 1\nsuccess 70.6\n')
    assert closing_lines(shipped) == ['frames', 'losses 1', 'success 70.6']


def test_an_input_needs_a_box(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        demo.parse_args(['--input', 'flight.mp4'])
    assert 'give --input and --init-bbox together' in capsys.readouterr().err
