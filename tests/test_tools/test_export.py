"""Export on the command line."""

from pathlib import Path

import cv2
import pytest

from tests.scripts import load_script
from tests.test_deploy.toy_tracker import frames
from tests.toys import write_toy_tracker

pytest.importorskip('onnxruntime', reason='requirements/deploy.txt is not installed')


@pytest.fixture(scope='module')
def tool():
    return load_script('export')


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


@pytest.mark.parametrize(
    ('boxes', 'images', 'message'),
    [
        ('nan,nan,nan,nan\n', 2, 'four finite numbers'),
        ('70,50,20,20\n', 1, 'only one frame'),
        ('70,50,20,20\n', 0, 'no image'),
    ],
)
def test_unusable_sequence_is_refused_before_the_export(
    tool, sequence: Path, tmp_path: Path, capsys, boxes: str, images: int, message: str
) -> None:
    for path in sorted((sequence / 'img').iterdir())[images:]:
        path.unlink()
    (sequence / 'groundtruth_rect.txt').write_text(boxes * 6)
    assert tool.main(['eatrack_nano', f'--out={tmp_path / "o"}', '--sequences', str(sequence)]) == 1
    error = capsys.readouterr().err
    assert 'error: ' + str(sequence) in error
    assert message in error
    assert not (tmp_path / 'o').exists()


def test_nan_boxes_exceed_any_tolerance(tool, monkeypatch) -> None:
    from mmeatrack.export import Differences

    found = iter([Differences(3, float('nan'), 0.0, 0), Differences(3, 0.01, 0.0, 0)])
    monkeypatch.setattr('mmeatrack.export.compare_on_frames', lambda *_: next(found))
    monkeypatch.setattr(tool, 'read_videos', lambda _: [((), ()), ((), ())])
    args = tool.parse_args(['eatrack_nano', '--out', 'o', '--sequences', 'a', 'b'])
    assert not tool.report(None, None, args, 'fp32') <= args.tolerance
