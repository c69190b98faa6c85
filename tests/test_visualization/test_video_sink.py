import cv2
import numpy as np
import pytest

from mmeatrack.visualization import VideoSink

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


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt])
def test_what_was_written_before_an_error_is_kept(tmp_path, error):
    path = tmp_path / 'track.mp4'
    with pytest.raises(error, match='stop'):
        write_video(path, [50, 60], error('stop'))
    assert len(read_video(path)[1]) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_of_a_video_without_frames(tmp_path):
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
        ('track.mp4', 10, (63, 48), 'must be even'),
        ('track.mp4', 10, (64, 0), 'must be even'),
    ],
)
def test_bad_arguments_are_refused(tmp_path, name, fps, size, message):
    with pytest.raises(ValueError, match=message):
        VideoSink(tmp_path / name, fps, size)


def test_file_that_cannot_be_opened_is_named(tmp_path):
    (tmp_path / 'track.part.mp4').mkdir()  # takes the temporary name
    with pytest.raises(RuntimeError, match=r'track\.part\.mp4: the video cannot be written'):
        VideoSink(tmp_path / 'track.mp4', 10, SIZE).__enter__()
    (tmp_path / 'file').touch()
    with pytest.raises(OSError, match='file'):
        VideoSink(tmp_path / 'file' / 'track.mp4', 10, SIZE).__enter__()


def test_lost_frames_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr('mmeatrack.visualization.video_sink._count_frames', lambda path: 1)
    path = tmp_path / 'track.mp4'
    with pytest.raises(RuntimeError, match=r'holds 1 of 2 frames\. Is the disk full'):
        write_video(path, [50, 60])
    assert not path.exists()
