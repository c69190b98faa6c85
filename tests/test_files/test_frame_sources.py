import logging

import cv2
import numpy as np
import pytest
from mmengine.logging import MMLogger

from mmeatrack.files.frame_sources import open_frames
from mmeatrack.visualization import VideoSink

WIDTH, HEIGHT = 64, 48


def frame_of(value: int) -> np.ndarray:
    """A frame whose grey level encodes its number and survives any codec."""
    return np.full((HEIGHT, WIDTH, 3), 20 * value, np.uint8)


def numbers(frames) -> list:
    return [round(float(frame.mean()) / 20) for frame in frames]


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / 'Car2'
    folder.mkdir()
    for i in range(12):
        cv2.imwrite(str(folder / f'img{i + 1}.png'), frame_of(i))
    (folder / 'notes.txt').write_text('not an image')
    return folder


@pytest.fixture
def video(tmp_path):
    path = tmp_path / 'flight.mp4'
    with VideoSink(path, 12, (WIDTH, HEIGHT)) as sink:
        for i in range(10):
            sink.write(frame_of(i))
    return path


def test_folder_is_read_in_the_order_of_numbers(images):
    source = open_frames(images)
    # Sorted as text, img10 would come before img2.
    assert numbers(source) == list(range(12))
    assert (source.name, source.num_frames, source.is_exact) == ('Car2', 12, True)
    assert source.fps is None


def test_folder_of_a_sequence_stands_for_its_images(images, tmp_path):
    sequence = tmp_path / 'Gull1'
    sequence.mkdir()
    images.rename(sequence / 'img')
    for path in (sequence, sequence / 'img', f'{sequence}/img/'):
        source = open_frames(path)
        assert (source.name, len(list(source))) == ('Gull1', 12)


def test_video_is_read_whole(video):
    source = open_frames(video)
    assert (source.name, source.num_frames, source.fps) == ('flight', 10, 12)
    frames = list(source)
    assert numbers(frames) == list(range(10))
    assert frames[0].shape == (HEIGHT, WIDTH, 3)
    assert frames[0].dtype == np.uint8


def test_frames_are_taken_once(video, images):
    for source in (open_frames(video), open_frames(images, start_frame=2)):
        assert next(iter(source)).shape == (HEIGHT, WIDTH, 3)
        assert len(list(source)) == 9  # the others
        with pytest.raises(RuntimeError, match='all frames have been taken'):
            next(iter(source))


def test_video_whose_name_resembles_a_protocol(video, monkeypatch):
    video.rename(video.with_name('file:12:30 %d.mp4'))
    monkeypatch.chdir(video.parent)
    source = open_frames('file:12:30 %d.mp4')
    assert (source.name, numbers(source)) == ('file:12:30 %d', list(range(10)))


@pytest.mark.parametrize('start', [0, 4, 9])
def test_start_frame_counts_from_zero(images, video, start):
    for path, count in ((images, 12), (video, 10)):
        source = open_frames(path, start)
        assert source.start_frame == start
        assert numbers(source) == list(range(start, count))


def test_start_frame_beyond_the_end_is_refused(images, video):
    with pytest.raises(ValueError, match=r'start frame 12 is beyond .*Car2.* 12 frames.* 0 to 11'):
        open_frames(images, 12)
    for start in (10, 15):
        with pytest.raises(ValueError, match=rf'start frame {start} is beyond .*flight\.mp4.* 10 '):
            open_frames(video, start)
    with pytest.raises(ValueError, match='start frame -1'):
        open_frames(images, -1)


def test_missing_input_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'nowhere\.mp4: no such video file or folder'):
        open_frames(tmp_path / 'nowhere.mp4')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match='empty: no image'):
        open_frames(tmp_path / 'empty')


def test_other_files_are_not_opened_as_videos(tmp_path, images, video):
    notes, cut = tmp_path / 'notes.mp4', tmp_path / 'cut.mp4'
    notes.write_text('not a video')
    cut.write_bytes(video.read_bytes()[:-100])  # an .mp4 has its index at the end
    for path in (notes, cut):
        with pytest.raises(ValueError, match=rf'{path.stem}\.mp4: cannot be read as a video'):
            open_frames(path)
    (tmp_path / 'boxes.txt').write_text('1,2,3,4\n')
    with pytest.raises(ValueError, match=r'boxes\.txt: this is text'):
        open_frames(tmp_path / 'boxes.txt')
    with pytest.raises(ValueError, match=r'this is one image\. Give its folder'):
        open_frames(images / 'img1.png')


def test_missing_camera_is_refused():
    with pytest.raises(ValueError, match='camera 97: no camera answers'):
        open_frames('97')
    with pytest.raises(ValueError, match='camera 97'):
        open_frames(97)


def test_frames_before_a_bad_image_are_given(images):
    path = images / 'img6.png'
    path.write_bytes(path.read_bytes()[:-20])
    frames = iter(open_frames(images))
    assert numbers(next(frames) for _ in range(5)) == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match=r'img6\.png: the image is truncated'):
        next(frames)


def test_duplicate_frame_is_refused(images):
    (images / 'img6 (1).png').write_bytes((images / 'img6.png').read_bytes())
    with pytest.raises(ValueError, match=r'img6\.png and img6 \(1\)\.png are both frame 6'):
        open_frames(images)


def test_working_directory_may_change_while_a_folder_is_read(images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frames = open_frames(images.name)
    monkeypatch.chdir('/')
    assert numbers(frames) == list(range(12))


def test_image_of_another_size_is_refused(images):
    cv2.imwrite(str(images / 'img3.png'), np.zeros((HEIGHT, WIDTH + 2, 3), np.uint8))
    with pytest.raises(ValueError, match=r'img3\.png: 66x48 px after frames of 64x48'):
        list(open_frames(images))


def test_truncated_video_is_reported(tmp_path, caplog):
    # In an .avi the index and the count come last or are estimated: cut one in the middle.
    whole, cut = tmp_path / 'whole.avi', tmp_path / 'cut.avi'
    noise = np.random.default_rng(0).integers(0, 256, (20, HEIGHT, WIDTH, 3), dtype=np.uint8)
    with VideoSink(whole, 10, (WIDTH, HEIGHT)) as sink:
        for frame in noise:
            sink.write(frame)
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.WARNING):
        frames = list(open_frames(cut))
    logger.removeHandler(caplog.handler)
    assert 5 <= len(frames) <= 11
    assert f'cut.avi ends after {len(frames)} frames, but says that it has 20' in caplog.text
