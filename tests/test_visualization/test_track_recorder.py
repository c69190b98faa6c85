from typing import Iterator

import cv2
import numpy as np
import pytest

from mmeatrack.apis import FrameSource, TrackResult
from mmeatrack.visualization import FrameHeader, LabelledBox, TrackRecorder, draw_frame

FRAME = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
TRUTH = np.arange(24.0).reshape(6, 4) + 5


def source(start_frame: int = 0, fps: float = 12) -> FrameSource:
    return FrameSource('Car2', iter(()), start_frame, 6, True, fps)


def results(count: int) -> Iterator[TrackResult]:
    for i in range(count):
        yield TrackResult(
            FRAME, (i + 0.12345, 10, 20, 15), 0.25 * i if i else -1.0, 0.5, i == 1 if i else None
        )


def frame_count(path) -> int:
    return int(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT))


def test_text_is_up_to_date_after_each_frame(tmp_path):
    with TrackRecorder(tmp_path / 'new' / 'track.mp4', source()) as recorder:
        for result in results(3):
            recorder.add(result)
        lines = recorder.text_path.read_text().splitlines()
    assert recorder.text_path == tmp_path / 'new' / 'track.txt'
    assert lines == [
        '0.1235,10.0000,20.0000,15.0000,-1.0000,0',
        '1.1235,10.0000,20.0000,15.0000,0.2500,1',
        '2.1235,10.0000,20.0000,15.0000,0.5000,0',
    ]
    assert recorder.boxes[2] == (2.12345, 10, 20, 15)
    assert recorder.scores == [-1, 0.25, 0.5]
    assert recorder.lost == [False, True, False]
    assert recorder.seconds == [0.5] * 3
    assert frame_count(recorder.video_path) == 3


def test_picture_counts_from_the_sources_start(tmp_path):
    truth = TRUTH.copy()
    truth[3] = np.nan
    with TrackRecorder(tmp_path / 'track.mp4', source(start_frame=2), truth, label='A') as recorder:
        images = [recorder.add(result) for result in results(2)]
    for i, result in enumerate(results(2)):
        expected = draw_frame(
            FRAME,
            [
                LabelledBox.of_ground_truth(truth[2 + i]),
                LabelledBox.of_tracker('A', 0, result.box_xywh, result.score, (None, True)[i]),
            ],
            FrameHeader('Car2', 2 + i, 5, absent=i == 1),
        )
        assert np.array_equal(images[i], expected)
    np.testing.assert_array_equal(recorder.recorded_ground_truth(), truth[2:4])


@pytest.mark.parametrize(
    ('given', 'fps', 'expected'),
    [
        (None, 12, 12),
        (7, 12, 7),
        (None, None, 30),
        (None, 66.667, 66.67),
        (105.611, 12, 105.61),
        (None, 1000, 1000),
        (None, 90000, 30),  # a time base, no rate
        (None, float('nan'), 30),
        (None, 0.001, 30),
    ],
)
def test_video_has_the_given_fps_or_that_of_the_source(tmp_path, given, fps, expected):
    with TrackRecorder(tmp_path / 'track.mp4', source(fps=fps), fps=given) as recorder:
        recorder.add(next(results(1)))
    assert cv2.VideoCapture(str(recorder.video_path)).get(cv2.CAP_PROP_FPS) == expected


def test_without_a_result_earlier_files_stay(tmp_path):
    video, text = tmp_path / 'track.mp4', tmp_path / 'track.txt'
    for path in (video, text):
        path.write_text('of an earlier run')
    with pytest.raises(ValueError, match='bad box'), TrackRecorder(video, source()) as recorder:
        raise ValueError('bad box')
    assert recorder.recorded_ground_truth() is None
    assert [path.read_text() for path in (video, text)] == ['of an earlier run'] * 2


def test_results_before_an_error_are_kept(tmp_path):
    recorder = TrackRecorder(tmp_path / 'track.mp4', source(start_frame=4), TRUTH)

    def record() -> None:
        with recorder:
            for result in results(3):
                recorder.add(result)

    with pytest.raises(ValueError, match='the ground truth has 6 boxes, but Car2 has more'):
        record()
    assert len(recorder.text_path.read_text().splitlines()) == 2
    assert frame_count(recorder.video_path) == 2
