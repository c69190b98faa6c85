"""The command line of ``tools/make_synthetic_uav.py``."""

import re
from contextlib import suppress

import pytest

from tests.scripts import load_script

SMALL = ['--train', '1', '--test', '2', '--frames', '3', '--test-frames', '2', '--size', '96x96']


@pytest.fixture
def run():
    main = load_script('make_synthetic_uav').main
    return lambda *arguments: main([str(each) for each in arguments])


def test_both_splits_are_written_with_progress(tmp_path, run, capsys):
    assert run('--out', tmp_path, *SMALL) == 0
    assert len(list((tmp_path / 'train').glob('*/img/*.jpg'))) == 3
    assert len(list((tmp_path / 'test').glob('*/img/*.jpg'))) == 4
    assert '7/7' in capsys.readouterr().err


def test_a_set_with_another_seed_needs_overwrite(tmp_path, run, capsys):
    run('--out', tmp_path, *SMALL)
    assert run('--out', tmp_path, *SMALL, '--seed', '1') == 1
    assert re.search(r'error: .*seed 0 \(now 1\).*--overwrite', capsys.readouterr().err)
    run('--out', tmp_path, *SMALL, '--seed', '1', '--overwrite')
    assert '"seed": 1' in (tmp_path / 'test' / 'meta.json').read_text()


def test_mixing_of_the_test_videos(tmp_path, run):
    run('--out', tmp_path, *SMALL, '--test-mixing', '0.25')
    assert '"mixing": 0.25' in (tmp_path / 'test' / 'meta.json').read_text()
    assert '"mixing": null' in (tmp_path / 'train' / 'meta.json').read_text()


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--size', '480'], "'480' is not WIDTHxHEIGHT"),
        (['--train', '0'], "'0' is not a whole number of at least 1"),
        (['--frames', 'x'], "'x' is not a whole number of at least 2"),
        (['--test-frames', '1'], "'1' is not a whole number of at least 2"),
        (['--size', '20x20'], 'width and height must be 96 to 1920'),
        (['--jpeg-quality', '101'], 'jpeg_quality is 101'),
        (['--test-mixing', '1.1'], "'1.1' is not a number from 0 to 1"),
        (['--targets', '0'], "'0' is not a whole number of at least 1"),
        (['--seed', '-1'], "'-1' is not a whole number of at least 0"),
    ],
)
def test_bad_arguments_are_one_line_errors(tmp_path, run, capsys, arguments, message):
    with suppress(SystemExit):  # of argparse
        assert run('--out', tmp_path / 'out', *arguments) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_help_names_the_layout_and_the_defaults(run, capsys):
    with pytest.raises(SystemExit):
        run('--help')
    told = capsys.readouterr().out
    for word in (
        'groundtruth_rect.txt',
        'visibility.txt',
        'small_target',
        '480x360',
        '--overwrite',
        'gt/gt.txt',
    ):
        assert word in told
