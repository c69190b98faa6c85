"""Videos, tracks and scores of the video demo."""

import json
import re

import cv2
import numpy as np
import pytest

from mmeatrack.apis import load_tracker, track_frames
from mmeatrack.files.frame_sources import FrameSource
from tests.test_tools.test_video_demo.results import BOX, NUM_FRAMES, frame_count, read_track
from tests.toys import logged, video

STORE = ['model.temporal.type=mmeatrack.TargetStore', 'model.temporal.threshold=0.1']


def test_folder_of_images_gives_video_and_track(call, toy, images, tmp_path, capsys):
    assert call() == 0
    track = read_track(tmp_path / 'o' / 'Car2.txt')
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    frames = [cv2.imread(str(path)) for path in sorted(images.iterdir())]
    expected = [
        (*result.box_xywh, result.score, bool(result.lost))
        for result in track_frames(tracker, frames, (70, 50, 20, 20))
    ]
    np.testing.assert_allclose(track, expected, atol=6e-5)
    assert track[0].tolist() == [70, 50, 20, 20, -1, 0]
    assert frame_count(tmp_path / 'o' / 'Car2.mp4') == NUM_FRAMES
    output = capsys.readouterr()
    assert f'8 frames: {tmp_path / "o" / "Car2.mp4"}' in output.out
    assert re.search(r'[\d.]+ frames per second of the tracker, [\d.]+ with reading', output.out)
    assert f'mean score {track[1:, 4].mean():.3f}' in output.out
    assert 'temporal adaptation: off' in output.out
    assert 'Car2: 100%' in output.err


def test_tracking_starts_at_the_start_frame(call, images, tmp_path):
    call()
    made = tmp_path / 'o' / 'Car2.mp4'
    out = tmp_path / 'p' / 'tracked.avi'
    status = call('--start-frame', '3', '--max-frames', '4', source=str(made), out=out)
    assert status == 0
    assert frame_count(out) == 4
    assert len(read_track(out.with_suffix('.txt'))) == 4
    # The part of a folder is that of the whole.
    assert call('--start-frame', '3', out=tmp_path / 'q') == 0
    assert len(read_track(tmp_path / 'q' / 'Car2.txt')) == NUM_FRAMES - 3


def test_ground_truth_is_scored(call, tmp_path, capsys):
    call()
    capsys.readouterr()
    track = read_track(tmp_path / 'o' / 'Car2.txt')
    truth = tmp_path / 'truth.txt'
    np.savetxt(truth, track[:, :4], delimiter=',')
    assert call(f'--ground-truth={truth}') == 0
    assert 'success 95.2, precision 100.0, normalised precision 100.0' in capsys.readouterr().out
    boxes = track[:, :4].copy()
    boxes[4:] = np.nan
    np.savetxt(truth, boxes, delimiter=',')
    assert call(f'--ground-truth={truth}') == 0
    # Half of the frames are perfect, half are misses; a perfect track has 20 of 21 thresholds.
    line = 'success 47.6, precision 50.0, normalised precision 50.0 (4 frames without the target'
    assert line in capsys.readouterr().out
    # From frame 2 on: 2 of 6.
    assert call(f'--ground-truth={truth}', '--start-frame=2', box=BOX) == 0
    assert '(4 frames without the target' in capsys.readouterr().out


def test_temporal_adaptation_can_be_switched(call, tmp_path, capsys):
    tracks = {}
    switches = {
        'default': [],
        'on': ['--temporal'],
        'config': ['--cfg-options', *STORE, 'model.temporal.interval=2'],
        'off': ['--no-temporal', '--cfg-options', *STORE],
    }
    said = {}
    for name, switch in switches.items():
        assert call(*switch, out=tmp_path / name) == 0
        said[name] = re.search('temporal adaptation: (.*)', capsys.readouterr().out)[1]
        tracks[name] = (tmp_path / name / 'Car2.txt').read_text()
    assert said['default'] == said['off'] == 'off'
    assert said['on'] == "{'type': 'mmeatrack.TargetStore'}"
    assert "'interval': 2" in said['config']
    assert tracks['default'] == tracks['off'] == tracks['on']  # its interval is 10 frames
    assert tracks['config'] != tracks['default']


def test_box_may_reach_out_of_the_image_and_be_in_brackets(call, tmp_path):
    assert call('--max-frames=2', box='[-5, -3, 20, 20]') == 0
    assert read_track(tmp_path / 'o' / 'Car2.txt')[0].tolist() == [-5, -3, 20, 20, -1, 0]


def test_one_frame_of_odd_size(call, tmp_path, capsys):
    folder = tmp_path / 'Kite'
    folder.mkdir()
    cv2.imwrite(str(folder / '1.png'), np.full((97, 131, 3), 90, np.uint8))
    assert call(source=str(folder)) == 0
    assert read_track(tmp_path / 'o' / 'Kite.txt').tolist() == [[70, 50, 20, 20, -1, 0]]
    assert frame_count(tmp_path / 'o' / 'Kite.mp4') == 1
    assert '1 frame: ' in capsys.readouterr().out


@pytest.mark.parametrize(('rate', 'stored'), [(66.667, 66.67), (105.611, 105.61), (1000.0, 1000.0)])
def test_video_with_an_unusual_rate(call, tmp_path, rate, stored):
    source = tmp_path / 'fast.avi'  # Motion JPEG stores these rates
    writer = cv2.VideoWriter(str(source), cv2.VideoWriter.fourcc(*'MJPG'), rate, (160, 120))
    for frame in video(2):
        writer.write(frame[0].permute(1, 2, 0).numpy())
    writer.release()
    with logged() as messages:
        assert call(source=str(source)) == 0
    made = cv2.VideoCapture(str(tmp_path / 'o' / 'fast.mp4'))
    assert made.get(cv2.CAP_PROP_FPS) == pytest.approx(stored)
    said = [message for message in messages if 'frames per second rounded to' in message]
    assert len(said) == (rate != stored)


def test_exported_tracker_gives_the_same_track(call, demo, toy, images, tmp_path, capsys):
    pytest.importorskip('onnxruntime', reason='requirements/deploy.txt is not installed')
    from mmeatrack.export import export_tracker

    exported = tmp_path / 'exported'
    export_tracker(load_tracker(toy.config, toy.checkpoint, 'cpu'), exported, 'toy')
    call()
    given = [str(images), '--init-bbox', BOX, f'--out={tmp_path / "d"}', '--deployed']
    assert demo.main([*given, str(exported)]) == 0
    track = read_track(tmp_path / 'd' / 'Car2.txt')
    np.testing.assert_allclose(track, read_track(tmp_path / 'o' / 'Car2.txt'), atol=1e-3)
    assert frame_count(tmp_path / 'd' / 'Car2.mp4') == NUM_FRAMES
    comma = exported.rename(tmp_path / 'exported,1')
    exported = comma
    for value in (f'{comma}', f'{comma},onnxruntime', f'{comma},onnxruntime,fp32'):
        assert demo.main([*given, value, '--max-frames=1']) == 0
    capsys.readouterr()
    for wrong, message in (
        ([str(tmp_path)], 'no exported tracker found here'),
        (['no,where'], 'no,where'),
        ([f'{exported},tensorrt'], "backend='tensorrt' is unknown"),
        ([str(exported), '--temporal'], 'Target Store are those of the export'),
        ([str(exported), '--device', 'cuda:0'], 'which runs on the CPU'),
    ):
        assert demo.main([*given, *wrong]) == 1
        assert message in capsys.readouterr().err


def test_lost_target_is_reported(call, monkeypatch, tmp_path, capsys):
    import mmeatrack.apis

    def lose_twice(model, frames, box):
        for result in track_frames(model, frames, box):
            number = int(model.memo.frame_id)
            yield result._replace(lost=number in (2, 3, 7))

    monkeypatch.setattr(mmeatrack.apis, 'track_frames', lose_twice)
    assert call() == 0
    assert read_track(tmp_path / 'o' / 'Car2.txt')[:, 5].tolist() == [0, 0, 1, 1, 0, 0, 0, 1]
    output = capsys.readouterr()
    assert 'losses 2, found again 1; target lost in 3 of 8 frames' in output.out


def test_status_is_one_json_line_per_frame(call, tmp_path):
    assert call('--jsonl', '--start-frame', '2') == 0
    lines = (tmp_path / 'o' / 'Car2.jsonl').read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [record['frame'] for record in records] == list(range(2, NUM_FRAMES))
    track = read_track(tmp_path / 'o' / 'Car2.txt')
    boxes = [record['tracks'][0]['box'] for record in records]
    np.testing.assert_allclose(boxes, track[:, :4], atol=1e-4)
    assert records[0]['tracks'][0]['state'] == 'tracking'
    assert [record['time'] for record in records] == [None] * (NUM_FRAMES - 2)
    assert call('--jsonl', '--fps=10', '--max-frames=3') == 0, 'its own file is replaced'
    lines = (tmp_path / 'o' / 'Car2.jsonl').read_text().splitlines()
    assert [json.loads(line)['time'] for line in lines] == [0, 0.1, 0.2]


def test_live_frames_have_no_time(call, monkeypatch, tmp_path):
    frames = [frame[0].permute(1, 2, 0).numpy() for frame in video(2)]
    source = FrameSource('stream', iter(frames), 0, fps=30.0)
    monkeypatch.setattr('mmeatrack.files.frame_sources.open_frames', lambda *_: source)
    assert call('--jsonl', '--live', source='rtsp://host/one') == 0
    lines = (tmp_path / 'o' / 'stream.jsonl').read_text().splitlines()
    assert [json.loads(line)['time'] for line in lines] == [None, None]
