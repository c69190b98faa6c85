from pathlib import Path
from typing import Any, Dict, Optional

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import VISUALIZERS
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample

from mmeatrack.compat.scripts import mmtrack_script
from mmeatrack.files.box_text import read_boxes
from mmeatrack.visualization import FrameHeader, LabelledBox, draw_frame
from mmeatrack.visualization.labelled_boxes import GROUND_TRUTH_COLOR, TRACKER_COLORS
from mmeatrack.visualization.sot_local_visualizer import SOTLocalVisualizer
from tests.forks import run
from tests.test_visualization.losing_tracker import LOST_FRAMES
from tests.toy_benchmark import LENGTHS, benchmark_cfg, make_benchmark
from tests.toys import mmtrack_scope

ROOT = Path(__file__).resolve().parents[2]
RGB = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
BOX = (10.0, 20.0, 30.0, 15.0)


def sample(lost: Optional[bool] = False, truth: Any = BOX, **meta: Any) -> TrackDataSample:
    """A frame's data sample; ``truth`` is x, y, w, h, or None for a test without annotations."""
    found = TrackDataSample()
    found.pred_track_instances = InstanceData(
        bboxes=torch.tensor([[11.0, 21.0, 41.0, 36.0]]), scores=torch.tensor([0.125])
    )
    if lost is not None:
        found.pred_track_instances.lost = torch.tensor([lost])
    if truth is not None:
        x, y, w, h = truth
        found.gt_instances = InstanceData(bboxes=torch.tensor([[x, y, x + w, y + h]]))
    fields = dict(seq_name='Car2', frame_id=4, video_id=1, video_length=9, img_path='/d/a/5.jpg')
    found.set_metainfo(dict(fields, **meta))
    return found


@pytest.fixture
def visualizer(request: pytest.FixtureRequest) -> SOTLocalVisualizer:
    name = request.node.name  # MMEngine keeps one instance for each name
    with mmtrack_scope():
        cfg = dict(type='mmeatrack.SOTLocalVisualizer', name=name, label='EATrack')
        return VISUALIZERS.build(cfg)


def written(visualizer: SOTLocalVisualizer, folder: Path, data: Any, **options: Any) -> np.ndarray:
    """Picture (H, W, 3), BGR, that is written for a frame."""
    visualizer.add_datasample('test_img', RGB, data, out_file=str(folder / '5.png'), **options)
    (path,) = folder.rglob('*.png')
    return cv2.imread(str(path))


@pytest.mark.parametrize('lost', [None, False, True])
def test_picture_equals_that_of_the_video_demo(visualizer, tmp_path, lost) -> None:
    expected = draw_frame(
        RGB[..., ::-1].copy(),
        [
            LabelledBox.of_ground_truth(BOX),
            LabelledBox.of_tracker('EATrack', 0, (11, 21, 30, 15), 0.125, lost),
        ],
        FrameHeader('Car2', 4, 8),
    )
    assert np.array_equal(written(visualizer, tmp_path, sample(lost)), expected)


def test_absent_target_is_named(visualizer, tmp_path) -> None:
    found = written(visualizer, tmp_path, sample(truth=(np.nan,) * 4), draw_pred=False)
    header = FrameHeader('Car2', 4, 8, absent=True)
    nothing = [LabelledBox.of_ground_truth((np.nan,) * 4)]
    assert np.array_equal(found, draw_frame(RGB[..., ::-1].copy(), nothing, header))


def test_frame_without_annotation_shows_the_prediction_alone(visualizer, tmp_path) -> None:
    found = written(visualizer, tmp_path, sample(truth=None))
    box = LabelledBox.of_tracker('EATrack', 0, (11, 21, 30, 15), 0.125, False)
    expected = draw_frame(RGB[..., ::-1].copy(), [box], FrameHeader('Car2', 4, 8))
    assert np.array_equal(found, expected)


def test_each_sequence_has_its_own_folder(visualizer, tmp_path) -> None:
    for name, folder in (('bird1_2', 'bird1_2'), ('../up', '__up'), ('a/b', 'a_b')):
        written(visualizer, tmp_path / 'here' / folder, sample(seq_name=name))
        assert [path.name for path in (tmp_path / 'here' / folder).iterdir()] == [folder]
    assert [path.name for path in tmp_path.iterdir()] == ['here']


def test_picture_goes_to_the_backends_or_a_window(visualizer, monkeypatch) -> None:
    calls: Dict[str, tuple] = {}
    monkeypatch.setattr(visualizer, 'add_image', lambda *args: calls.update(kept=args))
    monkeypatch.setattr(visualizer, 'show', lambda *args, **kwargs: calls.update(shown=args))
    visualizer.add_datasample('test_img', RGB, sample(), step=7)
    visualizer.add_datasample('window', RGB, sample(), show=True)
    assert calls['kept'][0] == 'test_img'
    assert calls['kept'][2] == 7
    assert np.array_equal(calls['kept'][1], calls['shown'][0])
    # RGB, as both take it: the tracker's red is in the first channel.
    assert (calls['kept'][1] == TRACKER_COLORS[0][::-1]).all(axis=2).any()


@pytest.mark.slow
def test_mmtracks_own_test_script_draws_every_frame(tmp_path) -> None:
    data, work_dir = make_benchmark(tmp_path / 'data'), tmp_path / 'work'
    config = dict(
        benchmark_cfg(data, work_dir, type='mmeatrack.LosingTracker'),
        _base_=[str(ROOT / 'configs' / '_base_' / 'default_runtime.py')],
        custom_imports=dict(imports=['mmeatrack', 'tests.test_visualization.losing_tracker']),
    )
    path = tmp_path / 'config.py'
    path.write_text(''.join(f'{key} = {value!r}\n' for key, value in config.items()))
    options = ['draw=True', 'test_out_dir=pictures']

    hook = [f'default_hooks.visualization.{each}' for each in options]
    script = mmtrack_script('test.py')
    run(script, path, '--work-dir=work', '--cfg-options', *hook, cwd=tmp_path)

    (pictures,) = work_dir.glob('*/pictures')
    found = {
        folder.name: sorted(path.name for path in folder.iterdir()) for folder in pictures.iterdir()
    }
    assert found == {
        name: [f'{i + 1:05d}.jpg' for i in range(count)] for name, count in LENGTHS.items()
    }
    truth = read_boxes(data / 'boat' / 'groundtruth_rect.txt')
    for number in (1, LOST_FRAMES[0]):
        picture = cv2.imread(str(pictures / 'boat' / f'{number + 1:05d}.jpg')).astype(int)
        frame = picture[-480:]  # 64x48 px, ten times as large, below the header
        x, y = (10 * truth[number, :2]).astype(int)
        label = frame[y - 17 : y - 3, x - 3 : x + 60]  # above the ground truth's upper left corner
        assert (np.abs(label - GROUND_TRUTH_COLOR).max(axis=2) < 60).sum() > 400
        red = (np.abs(frame - TRACKER_COLORS[0]).max(axis=2) < 60).sum()  # some is in the noise
        state = picture[:-480, 310:400]  # right of the score
        alarm = (np.abs(state - (60, 60, 235)).max(axis=2) < 40).sum()
        if number in LOST_FRAMES:
            assert alarm > 300
            assert red < 400
        else:
            assert alarm == 0
            assert red > 900
