import cv2
import numpy as np
import pytest

from mmeatrack.apis import read_image
from mmeatrack.visualization import (
    FrameHeader,
    LabelledBox,
    annotated_frames,
    draw_frame,
    tracking_video,
)
from mmeatrack.visualization.labelled_boxes import GROUND_TRUTH_COLOR

NUM_FRAMES = 4


@pytest.fixture
def paths(tmp_path):
    folder = tmp_path / 'Car2' / 'img'
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(NUM_FRAMES):
        image = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f'{i + 1:05d}.png'), image)
    return sorted(folder.iterdir())


@pytest.fixture
def boxes() -> np.ndarray:
    return np.arange(NUM_FRAMES)[:, None] + np.array([20.0, 15, 16, 12])


def test_frames_show_ground_truth_tracks_and_scores(paths, boxes):
    truth = boxes + 3
    scores = np.array([-1, 0.9, 0.1, 0.3])
    lost = [None, False, True, False]
    tracks = {'A': boxes, 'B': boxes - 5}
    images = list(annotated_frames(paths, tracks, truth, {'B': scores}, lost_below=0.3))
    assert len(images) == NUM_FRAMES
    for i in range(NUM_FRAMES):
        expected = [
            LabelledBox.of_ground_truth(truth[i]),
            LabelledBox.of_tracker('A', 0, boxes[i]),
            LabelledBox.of_tracker('B', 1, boxes[i] - 5, scores[i], lost[i]),
        ]
        header = FrameHeader('Car2', i, NUM_FRAMES - 1)
        assert np.array_equal(images[i], draw_frame(read_image(paths[i]), expected, header))


def test_absent_target_is_named_and_not_drawn(paths, boxes):
    truth = boxes.copy()
    truth[2] = np.nan
    image = list(annotated_frames(paths, {}, truth))[2]
    header = FrameHeader('Car2', 2, NUM_FRAMES - 1, absent=True)
    assert np.array_equal(
        image, draw_frame(read_image(paths[2]), [LabelledBox.of_ground_truth(truth[2])], header)
    )
    picture = image[-480:]
    assert not (picture == GROUND_TRUTH_COLOR).all(axis=2).any()


def test_name_can_be_given(paths, boxes):
    first = next(annotated_frames(paths, {'A': boxes}, sequence='Gull1'))
    header = FrameHeader('Gull1', 0, NUM_FRAMES - 1)
    box = LabelledBox.of_tracker('A', 0, boxes[0])
    assert np.array_equal(first, draw_frame(read_image(paths[0]), [box], header))


def test_video_holds_the_annotated_frames(paths, boxes, tmp_path, capfd):
    out = tmp_path / 'out' / 'track.avi'
    tracking_video(paths, {'A': boxes}, boxes, None, out, fps=5, progress=True)
    assert '4/4' in capfd.readouterr().err
    capture = cv2.VideoCapture(str(out))
    assert capture.get(cv2.CAP_PROP_FPS) == 5
    for expected in annotated_frames(paths, {'A': boxes}, boxes):
        is_read, found = capture.read()
        assert is_read
        # Motion JPEG is lossy, the noise of these images above all.
        assert np.abs(found.astype(int) - expected).mean() < 12
    assert not capture.read()[0]


def test_without_progress_nothing_is_printed(paths, boxes, tmp_path, capfd):
    tracking_video(paths, {'A': boxes}, None, None, tmp_path / 'track.mp4')
    assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(tracks={'A': np.ones((3, 4))}), r'boxes of A have the shape \(3, 4\).*\(4, 4\)'),
        (dict(ground_truth=np.ones((5, 4))), r'ground truth boxes have the shape \(5, 4\)'),
        (dict(scores={'A': np.ones((4, 1))}), r'scores of A have the shape \(4, 1\).*\(4,\)'),
        (dict(scores={'B': np.ones(4)}), r"scores of \['B'\], but the tracks are of \['A'\]"),
        (dict(frame_paths=[]), 'no frames'),
    ],
)
def test_arrays_that_do_not_fit_are_refused(paths, boxes, tmp_path, change, message):
    arguments = dict(frame_paths=paths, tracks={'A': boxes}, ground_truth=None, scores=None)
    with pytest.raises(ValueError, match=message):
        tracking_video(**dict(arguments, **change), out_path=tmp_path / 'track.mp4')
    assert not (tmp_path / 'track.mp4').exists()


def test_frames_before_a_damaged_image_are_kept(paths, boxes, tmp_path):
    paths[2].write_bytes(paths[2].read_bytes()[:-30])
    out = tmp_path / 'track.mp4'
    with pytest.raises(ValueError, match=r'00003\.png: the image is truncated'):
        tracking_video(paths, {'A': boxes}, None, None, out)
    assert int(cv2.VideoCapture(str(out)).get(cv2.CAP_PROP_FRAME_COUNT)) == 2
