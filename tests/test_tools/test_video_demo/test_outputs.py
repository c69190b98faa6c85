"""Errors of the video demo, and the files that it replaces."""

import pytest

from tests.test_tools.test_video_demo.results import NUM_FRAMES, frame_count, read_track


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
