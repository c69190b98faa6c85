import os

import cv2
import numpy as np
import pytest

from mmeatrack.visualization import VideoSink
from tests.toys import logged

SIZE = (64, 48)


def frame_of(value: int) -> np.ndarray:
    return np.full((SIZE[1], SIZE[0], 3), value, np.uint8)


def write_video(path, values, error=None) -> None:
    with VideoSink(path, 10, SIZE) as sink:
        for value in values:
            sink.write(frame_of(value))
        if error is not None:
            raise error


def read_video(path) -> tuple:
    capture = cv2.VideoCapture(str(path))
    values = []
    while True:
        is_read, frame = capture.read()
        if not is_read:
            return capture.get(cv2.CAP_PROP_FPS), values
        assert frame.shape == (SIZE[1], SIZE[0], 3)
        values.append(round(float(frame.mean())))


@pytest.mark.parametrize('suffix', ['.mp4', '.avi', '.MP4'])
def test_frames_come_back(tmp_path, suffix):
    path = tmp_path / 'new' / f'track{suffix}'
    with VideoSink(path, 12.5, SIZE) as sink:
        for value in (20, 90, 200):
            sink.write(frame_of(value))
        assert sink.num_frames == 3
        assert not path.exists()
    fps, values = read_video(path)
    assert fps == 12.5
    np.testing.assert_allclose(values, [20, 90, 200], atol=3)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_name_that_resembles_a_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_video('12:30 %d.mp4', [90])
    assert [path.name for path in tmp_path.iterdir()] == ['12:30 %d.mp4']
    np.testing.assert_allclose(read_video(tmp_path / '12:30 %d.mp4')[1], [90], atol=3)


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt])
def test_frames_before_an_error_are_kept(tmp_path, error):
    path = tmp_path / 'track.mp4'
    with pytest.raises(error, match='stop'):
        write_video(path, [50, 60], error('stop'))
    assert len(read_video(path)[1]) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_video_without_frames_leaves_no_file(tmp_path):
    path = tmp_path / 'track.mp4'
    path.write_text('of an earlier run')
    with VideoSink(path, 10, SIZE):
        pass
    assert path.read_text() == 'of an earlier run'
    assert list(tmp_path.iterdir()) == [path]


def test_earlier_video_is_replaced_at_the_end(tmp_path):
    path = tmp_path / 'track.mp4'
    path.write_text('of an earlier run')
    with VideoSink(path, 10, SIZE) as sink:
        sink.write(frame_of(50))
        assert path.read_text() == 'of an earlier run'
    assert len(read_video(path)[1]) == 1


@pytest.mark.parametrize(
    'frame',
    [
        np.zeros((48, 66, 3), np.uint8),
        np.zeros((64, 48, 3), np.uint8),
        np.zeros((48, 64), np.uint8),
        np.zeros((48, 64, 3), np.float32),
    ],
)
def test_frame_that_opencv_would_drop_is_refused(tmp_path, frame):
    with VideoSink(tmp_path / 'track.mp4', 10, SIZE) as sink:
        sink.write(frame_of(50))
        with pytest.raises(ValueError, match=r'track\.mp4: frame 1 is .*\(48, 64, 3\)'):
            sink.write(frame)


@pytest.mark.parametrize(
    ('name', 'fps', 'size', 'message'),
    [
        ('track.gif', 10, SIZE, r'track\.gif: .* \.mp4 or \.avi'),
        ('track', 10, SIZE, r'\.mp4 or \.avi'),
        ('track.mp4', 0, SIZE, '0 frames per second'),
        ('track.mp4', float('nan'), SIZE, 'nan frames per second'),
        ('track.mp4', -5, SIZE, '-5 frames per second; give 0.01 to 1000'),
        ('track.mp4', 0.005, SIZE, '0.005 frames per second'),
        ('track.avi', 1000.5, SIZE, '1000.5 frames per second'),
        ('track.mp4', float('inf'), SIZE, 'inf frames per second'),
        ('track.mp4', 10, (63, 48), 'must be even'),
        (
            'track.mp4',
            10,
            (8192, 48),
            r'frames of 8192x48 px.*\.mp4 at most 8190, \.avi at most 65534',
        ),
        ('track.avi', 10, (48, 65536), 'frames of 48x65536 px'),
        ('track.mp4', 10, (64, 0), 'must be even'),
    ],
)
def test_bad_arguments_are_refused(tmp_path, name, fps, size, message):
    with pytest.raises(ValueError, match=message):
        VideoSink(tmp_path / name, fps, size)


def test_file_that_cannot_be_opened_is_named(tmp_path):
    (tmp_path / f'.track.{os.getpid()}.partial.mp4').mkdir()  # takes the temporary name
    with pytest.raises(RuntimeError, match=r'partial\.mp4: the video cannot be written'):
        VideoSink(tmp_path / 'track.mp4', 10, SIZE).__enter__()
    (tmp_path / 'file').touch()
    with pytest.raises(OSError, match='file'):
        VideoSink(tmp_path / 'file' / 'track.mp4', 10, SIZE).__enter__()


def test_missing_frames_are_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr('mmeatrack.visualization.video_sink._count_frames', lambda path: 1)
    path = tmp_path / 'track.mp4'
    with pytest.raises(RuntimeError, match=r'holds 1 of 2 frames\. Is the disk full'):
        write_video(path, [50, 60])
    assert not path.exists()


@pytest.mark.parametrize(
    ('fps', 'stored'),
    [
        (66.667, 66.67),
        (105.611, 105.61),
        (119.88012, 119.88),
        (240.001, 240.0),
        (333.3333, 333.33),
        (999.99, 1000.0),
        (65.5361, 65.54),
        (65.535, 65.535),
        (23.976, 23.976),
        (59.94, 59.94),
        (1000, 1000),
        (0.01, 0.01),
    ],
)
def test_rate_is_rounded_to_what_the_container_stores(tmp_path, fps, stored):
    path = tmp_path / 'track.mp4'
    with logged() as messages, VideoSink(path, fps, SIZE) as sink:
        sink.write(frame_of(50))
    assert sink.fps == pytest.approx(stored)
    found, values = read_video(path)
    assert found == pytest.approx(stored, abs=1e-6)
    assert len(values) == 1
    expected = [] if abs(fps - stored) < 5e-4 else [f'{fps:g} frames per second rounded to']
    assert len(messages) == len(expected)
    assert all(text in message for text, message in zip(expected, messages))


def test_motion_jpeg_stores_any_rate(tmp_path):
    with logged() as messages, VideoSink(tmp_path / 'track.avi', 66.667, SIZE) as sink:
        sink.write(frame_of(50))
    assert read_video(tmp_path / 'track.avi')[0] == pytest.approx(66.667)
    assert not messages


def test_other_files_next_to_the_video_are_left_alone(tmp_path):
    beside = tmp_path / 'track.part.mp4'
    beside.write_text('mine')
    write_video(tmp_path / 'track.mp4', [50])
    assert beside.read_text() == 'mine'


@pytest.mark.parametrize(
    ('name', 'size'), [('track.mp4', (8190, 16)), ('track.mp4', (16, 8190)), ('t.avi', (65534, 8))]
)
def test_largest_frames_are_written(tmp_path, name, size):
    with VideoSink(tmp_path / name, 10, size) as sink:
        sink.write(np.zeros((size[1], size[0], 3), np.uint8))
    is_read, frame = cv2.VideoCapture(str(tmp_path / name)).read()
    assert is_read
    assert frame.shape == (size[1], size[0], 3)
