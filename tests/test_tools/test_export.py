"""Export on the command line."""

import importlib.util
from pathlib import Path

import cv2
import pytest

from tests.test_deploy.conftest import frames
from tests.toy_checkpoint import write_toy_tracker

pytest.importorskip('onnxruntime', reason='requirements/deploy.txt is not installed')


@pytest.fixture(scope='module')
def tool():
    path = Path(__file__).resolve().parents[2] / 'tools' / 'export.py'
    spec = importlib.util.spec_from_file_location('export_tool', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    folder = tmp_path / 'Car2'
    (folder / 'img').mkdir(parents=True)
    images = frames(6)
    for number, image in enumerate(images, start=1):
        cv2.imwrite(str(folder / 'img' / f'{number:05d}.png'), image)
    (folder / 'groundtruth_rect.txt').write_text('70,50,20,20\n' * len(images))
    return folder


@pytest.mark.slow
def test_export_is_checked_on_the_given_frames(
    tool, sequence: Path, tmp_path: Path, capsys
) -> None:
    toy, out = write_toy_tracker(tmp_path), tmp_path / 'out'
    arguments = [str(toy.config), str(toy.checkpoint), f'--out={out}', '--sequences', str(sequence)]
    assert tool.main(arguments) == 0
    said = capsys.readouterr().out
    assert 'fp32, video 1, 5 frames: boxes within 0.0' in said
    assert '0 frames lost in one alone' in said
    names = {path.name for path in out.iterdir() if not path.name.startswith('.')}
    assert names == {'template.onnx', 'track.onnx', 'tracker.json'}
    # Again over its own files, with a tolerance that no float32 keeps.
    assert tool.main([*arguments, '--tolerance=-1']) == 2
    assert 'error: boxes differ by' in capsys.readouterr().err
    (out / 'tracker.json').write_text('mine')
    assert tool.main(arguments) == 1
    assert 'tracker.json: there already' in capsys.readouterr().err


def test_errors_of_the_input_are_one_line(tool, tmp_path: Path, capsys) -> None:
    assert tool.main(['none.py', 'none.pth', f'--out={tmp_path / "o"}']) == 1
    assert 'error: none.py: no such config file' in capsys.readouterr().err
    assert not (tmp_path / 'o').exists()
