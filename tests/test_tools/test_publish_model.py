import json
from pathlib import Path

import pytest
import torch

from mmeatrack.conversion import read_published
from tests.scripts import load_script
from tests.toys import build, distill_cfg, tracker_cfg


@pytest.fixture(scope='module')
def main():
    return load_script('publish_model').main


def write_config(path: Path, model: dict) -> str:
    path.write_text(f'model = {model!r}\n', encoding='utf-8')
    return str(path)


@pytest.mark.parametrize(
    ('distilled', 'kind'), [(False, 'safetensors'), (True, 'safetensors'), (False, 'pth')]
)
def test_only_the_student_is_published(tmp_path, main, capsys, distilled: bool, kind: str) -> None:
    model = build(distill_cfg() if distilled else tracker_cfg())
    checkpoint = tmp_path / 'epoch_3.pth'
    torch.save(dict(state_dict=model.state_dict(), optimizer={}, meta=dict(epoch=3)), checkpoint)
    config = write_config(tmp_path / 'c.py', distill_cfg() if distilled else tracker_cfg())
    out = tmp_path / 'models' / 'student'
    options = ['--out', str(out), '--format', kind, '--fact', 'success=66.1']
    assert main([config, str(checkpoint), *options]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path.suffix == f'.{kind}'
    assert path.parent == out.parent
    read = read_published(path)
    student = model.student if distilled else model
    assert set(read.state_dict) == set(student.state_dict())
    assert all(torch.equal(read.state_dict[k], v) for k, v in student.state_dict().items())
    assert read.model == json.loads(json.dumps(tracker_cfg()))
    assert (read.facts['success'], read.facts['checkpoint']) == ('66.1', 'epoch_3.pth')


def test_checkpoint_of_another_model_is_refused(tmp_path, main, capsys) -> None:
    checkpoint = tmp_path / 'x.pth'
    torch.save(build(tracker_cfg(1, 1)).state_dict(), checkpoint)
    config = write_config(tmp_path / 'c.py', tracker_cfg())
    assert main([config, str(checkpoint), '--out', str(tmp_path / 'y')]) == 1
    assert 'missing' in capsys.readouterr().err
    assert not list(tmp_path.glob('*.safetensors'))


def test_fact_without_a_value(tmp_path, main, capsys) -> None:
    with pytest.raises(SystemExit, match='2'):
        main(['c.py', 'x.pth', '--out', 'y', '--fact', 'success'])
    assert 'give NAME=TEXT' in capsys.readouterr().err
