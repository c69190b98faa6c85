"""Windows and interruptions of the video demo."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from mmeatrack.visualization import display
from tests.scripts import TOOLS
from tests.test_tools.test_video_demo.results import NUM_FRAMES, frame_count, read_track


def test_ctrl_c_keeps_the_results(call, monkeypatch, tmp_path, capsys):
    from mmeatrack.visualization import TrackRecorder

    add = TrackRecorder.add

    def add_until_the_third(recorder, result):
        if len(recorder.boxes) == 3:
            raise KeyboardInterrupt
        return add(recorder, result)

    monkeypatch.setattr(TrackRecorder, 'add', add_until_the_third)
    assert call() == 130
    assert '3 frames: ' in capsys.readouterr().out
    assert len(read_track(tmp_path / 'o' / 'Car2.txt')) == 3
    assert frame_count(tmp_path / 'o' / 'Car2.mp4') == 3


def test_ctrl_c_while_the_tracker_is_loaded(call, monkeypatch, tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr('mmeatrack.apis.load_tracker', interrupt)
    assert call() == 130
    assert not (tmp_path / 'o').exists()


@pytest.mark.parametrize('key', ['q', '\x1b'])
def test_window_shows_the_video_until_a_key_is_pressed(call, monkeypatch, tmp_path, key):
    shown = []
    monkeypatch.setattr(display, 'check_display', lambda option: None)
    monkeypatch.setattr(cv2, 'imshow', lambda title, image: shown.append(image.shape))
    monkeypatch.setattr(cv2, 'waitKey', lambda delay: ord(key) if len(shown) == 2 else -1)
    assert call('--show') == 0
    assert len(shown) == 2
    assert shown[0][1] == 640
    assert len(read_track(tmp_path / 'o' / 'Car2.txt')) == 2


@pytest.mark.skipif(sys.platform != 'linux', reason='other systems always have a screen')
def test_window_without_a_screen_is_an_error(call, monkeypatch, capsys):
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    assert call('--show') == 1
    assert '--show: no window can be opened' in capsys.readouterr().err


def test_window_without_a_gui_in_opencv_is_an_error(call, monkeypatch, capsys):
    monkeypatch.setenv('DISPLAY', ':0')
    monkeypatch.setattr(cv2, 'getBuildInformation', lambda: '  GUI:      NONE\n')
    assert call('--show') == 1
    assert 'opencv-python-headless' in capsys.readouterr().err


@pytest.fixture
def select(demo, toy, images, tmp_path, monkeypatch):
    """Run the demo with --select; the user draws the given box."""

    def run(drawn: tuple) -> int:
        monkeypatch.setattr(display, 'check_display', lambda option: None)
        monkeypatch.setattr(cv2, 'selectROI', lambda title, image, cross: drawn)
        monkeypatch.setattr(cv2, 'destroyWindow', lambda title: None)
        out = f'--out={tmp_path / "o"}'
        files = [f'--config={toy.config}', f'--checkpoint={toy.checkpoint}', out]
        return demo.main([str(images), '--select', '--device=cpu', *files])

    return run


def test_box_drawn_in_a_window_starts_the_tracker(select, tmp_path):
    assert select((70, 50, 20, 20)) == 0
    track = read_track(tmp_path / 'o' / 'Car2.txt')
    assert len(track) == NUM_FRAMES
    np.testing.assert_allclose(track[0, :4], [70, 50, 20, 20])


def test_selecting_without_a_box_or_a_window_is_an_error(
    select, demo, monkeypatch, images, tmp_path, capsys
):
    with monkeypatch.context() as patch:
        patch.setattr(cv2, 'getBuildInformation', lambda: '  GUI:      NONE\n')
        assert demo.main([str(images), '--select']) == 1
    assert '--select: no window can be opened' in capsys.readouterr().err
    assert select((0, 0, 0, 0)) == 1
    assert 'no box was drawn' in capsys.readouterr().err
    assert not (tmp_path / 'o').exists()


def test_help_shows_options_and_examples():
    done = subprocess.run(
        [sys.executable, str(TOOLS / 'video_demo.py'), '--help'],
        capture_output=True,
        text=True,
        check=True,
    )
    for option in ('--init-bbox', '--checkpoint', '--temporal', '--ground-truth', 'examples'):
        assert option in done.stdout
