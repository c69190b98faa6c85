"""Uploads: accepted, refused, and removed from the disk."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmeatrack.web.clips import uploaded_clip
from mmeatrack.web.decode import UploadLimits

pytestmark = pytest.mark.slow  # each starts a process
LIMITS = UploadLimits(max_bytes=1 << 20, max_frames=50)


def write_video(path: Path, frames: int = 5, size: tuple = (64, 48)) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 12.5, size)
    for number in range(frames):
        writer.write(np.full((size[1], size[0], 3), 20 * number, np.uint8))
    writer.release()
    return path


def test_video_becomes_images_and_is_removed(tmp_path: Path) -> None:
    upload = write_video(tmp_path / 'flight.mp4')
    clip = uploaded_clip(upload, 'flight', tmp_path / 'frames', LIMITS)

    assert [path.name for path in clip.frames] == [f'{number:06d}.jpg' for number in range(1, 6)]
    assert (clip.fps, clip.note) == (12.5, '')
    means = [cv2.imread(str(path)).mean() for path in clip.frames]
    np.testing.assert_allclose(means, [0, 20, 40, 60, 80], atol=3)
    assert not upload.exists()


def test_rest_of_a_long_video_is_dropped_with_a_note(tmp_path: Path) -> None:
    limits = LIMITS._replace(max_frames=3)
    clip = uploaded_clip(write_video(tmp_path / 'a.mp4'), 'a', tmp_path / 'frames', limits)
    assert len(clip.frames) == 3
    assert clip.note == 'Only the first 3 frames are used.'


def refuse(upload: Path, message: str, limits: UploadLimits = LIMITS) -> None:
    folder = upload.parent / 'frames'
    with pytest.raises(ValueError, match=message):
        uploaded_clip(upload, 'name', folder, limits)
    assert list(upload.parent.iterdir()) == []


def test_empty_and_huge_files_are_refused_before_decoding(tmp_path: Path) -> None:
    upload = tmp_path / 'a.mp4'
    upload.write_bytes(b'')
    refuse(upload, r'empty. Was the upload complete')
    upload.write_bytes(b'x' * ((1 << 20) + 1))
    refuse(upload, r'1\.0 MiB; at most 1 MiB')


def test_playlist_that_names_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'secret').mkdir()
    secret = write_video(tmp_path / 'secret' / 'secret.mp4')
    (tmp_path / 'own').mkdir()
    upload = tmp_path / 'own' / 'a.mp4'
    upload.write_text(
        f'#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n'
    )
    refuse(upload, 'This is not a video')


def test_large_frames_and_slow_decoding_are_refused(tmp_path: Path) -> None:
    small = LIMITS._replace(max_pixels=1000)
    refuse(
        write_video(tmp_path / 'a.mp4'),
        'Frames of 64x48 px are too large; at most 0.0 million px',
        small,
    )
    hurried = LIMITS._replace(seconds=0.01)
    refuse(write_video(tmp_path / 'a.mp4'), r'more than 0\.01 s', hurried)
