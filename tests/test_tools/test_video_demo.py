import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmeatrack.apis import load_tracker, track_frames
from mmeatrack.files.frame_sources import FrameSource
from mmeatrack.visualization import display
from tests.scripts import TOOLS, load_script
from tests.toys import ToyTracker, logged, video, write_toy_tracker

NUM_FRAMES = 8
BOX = '70,50,20,20'
STORE = ['model.temporal.type=mmeatrack.TargetStore', 'model.temporal.threshold=0.1']


@pytest.fixture(scope='module')
def demo():
    return load_script('video_demo')


@pytest.fixture(scope='module')
def toy(tmp_path_factory) -> ToyTracker:
    return write_toy_tracker(tmp_path_factory.mktemp('toy'))


@pytest.fixture
def images(tmp_path) -> Path:
    folder = tmp_path / 'Car2' / 'img'
    folder.mkdir(parents=True)
    for i, frame in enumerate(video(NUM_FRAMES)):
        cv2.imwrite(str(folder / f'{i + 1:05d}.png'), frame[0].permute(1, 2, 0).numpy())
    return folder


@pytest.fixture
def call(demo, toy, images, tmp_path):
    """Run the demo, by default on the images."""

    def run(*arguments: str, source: str = str(images), box: str = BOX, **files) -> int:
        files = dict(
            dict(config=toy.config, checkpoint=toy.checkpoint, out=tmp_path / 'o'), **files
        )
        options = [f'--{name}={value}' for name, value in files.items()]
        return demo.main([source, '--init-bbox', box, '--device', 'cpu', *options, *arguments])

    return run


def read_track(path: Path) -> np.ndarray:
    assert re.fullmatch(r'(-?\d+\.\d{4}(,-?\d+\.\d{4}){4},[01]\n)+', path.read_text())
    return np.loadtxt(path, delimiter=',', ndmin=2)


def frame_count(path: Path) -> int:
    return int(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT))


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


@pytest.mark.parametrize(
    ('box', 'message'),
    [
        ('70,50,0,20', 'width and height must be above 0'),
        ('70,50,20,-20', 'width and height must be above 0'),
        ('-70,50,20,20', 'lies outside the image'),
        ('nan,50,20,20', 'four finite numbers are needed'),
        ('700,50,20,20', 'in an image of 160x120 px: the box lies outside'),
    ],
)
def test_bad_box_is_an_error_and_keeps_earlier_results(call, tmp_path, capsys, box, message):
    call()
    before = (tmp_path / 'o' / 'Car2.txt').read_text()
    assert call(box=box) == 1
    assert f'error: target box x,y,w,h = [{float(box.split(",")[0])}' in (
        error := capsys.readouterr().err
    )
    assert message in error
    assert (tmp_path / 'o' / 'Car2.txt').read_text() == before


def test_box_may_reach_out_of_the_image_and_be_in_brackets(call, tmp_path):
    assert call('--max-frames=2', box='[-5, -3, 20, 20]') == 0
    assert read_track(tmp_path / 'o' / 'Car2.txt')[0].tolist() == [-5, -3, 20, 20, -1, 0]


@pytest.mark.parametrize('box', ['70,50,20', '70,50,20,x', ''])
def test_malformed_box_is_an_error_of_the_command_line(call, capsys, box):
    with pytest.raises(SystemExit, match='2'):
        call(box=box)
    assert 'four numbers x,y,w,h are needed' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--cfg-options', 'model.head'], "argument --cfg-options: 'model.head' is not KEY=VALUE"),
        (['--max-frames=0'], "argument --max-frames: '0' is not a whole number of at least 1"),
    ],
)
def test_invalid_value_is_an_error_of_the_command_line(call, capsys, options, message):
    with pytest.raises(SystemExit, match='2'):
        call(*options)
    assert message in capsys.readouterr().err


def test_errors_are_one_line_that_names_the_file(call, tmp_path, capsys):
    truth = tmp_path / 'truth.txt'
    truth.write_text('1,2,3,4\n' * 5)
    (tmp_path / 'empty').mkdir()
    cases = [
        (dict(checkpoint=tmp_path / 'none.pth'), [], 'none.pth: no such checkpoint'),
        (dict(config=tmp_path / 'none.py'), [], 'none.py: no such config'),
        (dict(source=str(tmp_path / 'none.mp4')), [], 'none.mp4: no such video file or folder'),
        (dict(source=str(tmp_path / 'empty')), [], 'empty: no image'),
        (dict(), ['--start-frame=8'], 'start frame 8 is beyond the end of'),
        (dict(), [f'--ground-truth={truth}'], '5 boxes, but Car2 has 8 frames'),
        (dict(), [f'--ground-truth={tmp_path / "none.txt"}'], 'none.txt: no such box file'),
        (dict(), ['--cfg-options', 'model.backbone.embed_dims=32'], 'of another model'),
    ]
    for arguments, options, message in cases:
        assert call(*options, **arguments) == 1
        error = capsys.readouterr().err
        assert 'error: ' in error
        assert message in error.split('error: ')[1]
        assert not (tmp_path / 'o').exists()


def test_ground_truth_must_show_the_first_frame(call, tmp_path, capsys):
    truth = tmp_path / 'truth.txt'
    truth.write_text('1,2,3,4\n' * 3 + 'NaN,NaN,NaN,NaN\n' * 5)
    assert call(f'--ground-truth={truth}', '--start-frame=3') == 1
    assert 'truth.txt, line 4: no box to track in the first frame' in capsys.readouterr().err


def test_input_is_never_replaced(call, tmp_path, capsys):
    call()
    made = tmp_path / 'o' / 'Car2.mp4'
    content = made.read_bytes()
    for out in (tmp_path / 'o', made):
        assert call(source=str(made), out=out) == 1
        assert 'Car2.mp4 is an input and would be overwritten' in capsys.readouterr().err
    assert made.read_bytes() == content


def test_ground_truth_is_never_replaced(call, images, tmp_path, capsys):
    """Neither by its name, nor through a link, nor with --overwrite."""
    anno, content = tmp_path / 'anno', '70,50,20,20\n' * NUM_FRAMES
    anno.mkdir()
    truth = anno / 'Car2.txt'
    truth.write_text(content)
    (tmp_path / 'linked').symlink_to(anno, target_is_directory=True)
    for out in (anno, anno / 'Car2.avi', tmp_path / 'linked'):
        for extra in ([], ['--overwrite']):
            assert call(f'--ground-truth={truth}', *extra, out=out) == 1
            assert 'Car2.txt is an input and would be overwritten' in capsys.readouterr().err
    assert truth.read_text() == content
    assert list(anno.iterdir()) == [truth]


def test_foreign_file_is_replaced_only_with_overwrite(call, tmp_path, capsys):
    for name in ('Car2.txt', 'Car2.mp4'):
        foreign = tmp_path / f'with_{name[5:]}' / name
        foreign.parent.mkdir()
        foreign.write_text('mine')
        assert call(out=foreign.parent) == 1
        error = capsys.readouterr().err
        assert f'{name}: there already, and not written by video_demo.py' in error
        assert '--overwrite' in error
        assert foreign.read_text() == 'mine'
    assert call('--overwrite', out=tmp_path / 'with_txt') == 0
    assert len(read_track(tmp_path / 'with_txt' / 'Car2.txt')) == NUM_FRAMES


def test_own_results_are_replaced_unless_modified(call, tmp_path, capsys):
    assert call() == call('--max-frames=3') == 0
    track = tmp_path / 'o' / 'Car2.txt'
    assert len(read_track(track)) == 3
    corrected = '1,2,3,4,1,0\n' + track.read_text()
    track.write_text(corrected)
    capsys.readouterr()
    assert call() == 1
    assert 'changed since' in capsys.readouterr().err
    assert track.read_text() == corrected


@pytest.mark.parametrize('name', ['x.mkv', 'x.MOV', 'x.webm', 'track.txt', 'a.gif'])
def test_other_output_formats_are_refused(call, tmp_path, capsys, name):
    assert call(out=tmp_path / name) == 1
    error = capsys.readouterr().err
    assert f'{name}: give a name that ends in .mp4 or .avi, or a folder' in error
    assert not (tmp_path / name).exists()


def test_output_may_be_a_folder_with_a_dot(call, tmp_path, capsys):
    assert call('--max-frames=1', out=tmp_path / 'run.v2') == 0
    assert frame_count(tmp_path / 'run.v2' / 'Car2.mp4') == 1
    (tmp_path / 'file').touch()
    assert call(out=tmp_path / 'file') == 1
    assert 'file: give a name that ends in .mp4 or .avi, or a folder' in capsys.readouterr().err


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


def test_invalid_rate_is_refused_before_the_model_is_loaded(call, tmp_path, capsys):
    for rate in ('0', '-1', 'nan', '5000'):
        assert call(f'--fps={rate}', checkpoint=tmp_path / 'none.pth') == 1
        assert 'frames per second; give 0.01 to 1000' in capsys.readouterr().err
    assert not (tmp_path / 'o').exists()


def test_results_before_a_bad_image_are_kept(call, images, tmp_path, capsys):
    bad = images / '00006.png'
    bad.write_bytes(bad.read_bytes()[:-50])
    assert call() == 1
    output = capsys.readouterr()
    assert '00006.png: the image is truncated' in output.err
    assert '5 frames: ' in output.out
    assert len(read_track(tmp_path / 'o' / 'Car2.txt')) == 5
    assert frame_count(tmp_path / 'o' / 'Car2.mp4') == 5


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


def test_status_of_an_earlier_run_does_not_stay_next_to_a_new_video(call, tmp_path, capsys):
    status = tmp_path / 'o' / 'Car2.jsonl'
    assert call('--jsonl', '--max-frames=2') == 0
    assert call(box='nan,50,20,20') == 1
    assert len(status.read_text().splitlines()) == 2, 'nothing was written, so the old results stay'
    assert call('--max-frames=3') == 0
    assert not status.exists()
    status.write_text('mine')
    assert call('--max-frames=3') == 0
    assert status.read_text() == 'mine', 'another file of this name is not touched'
    assert call('--jsonl') == 1
    assert 'Car2.jsonl: there already, and not written by' in capsys.readouterr().err


def test_live_frames_have_no_time(call, monkeypatch, tmp_path):
    frames = [frame[0].permute(1, 2, 0).numpy() for frame in video(2)]
    source = FrameSource('stream', iter(frames), 0, fps=30.0)
    monkeypatch.setattr('mmeatrack.files.frame_sources.open_frames', lambda *_: source)
    assert call('--jsonl', '--live', source='rtsp://host/one') == 0
    lines = (tmp_path / 'o' / 'stream.jsonl').read_text().splitlines()
    assert [json.loads(line)['time'] for line in lines] == [None, None]
