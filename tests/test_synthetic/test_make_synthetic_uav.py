"""The command line of ``tools/make_synthetic_uav.py``."""

import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'tools' / 'make_synthetic_uav.py'
SMALL = ['--train', '1', '--test', '2', '--frames', '3', '--test-frames', '2', '--size', '96x96']


@pytest.fixture
def run(monkeypatch):
    def call(*arguments):
        monkeypatch.setattr(sys, 'argv', [str(SCRIPT), *map(str, arguments)])
        runpy.run_path(str(SCRIPT), run_name='__main__')

    return call


def test_both_splits_are_written_with_progress(tmp_path, run, capsys):
    run('--out', tmp_path, *SMALL)
    assert len(list((tmp_path / 'train').glob('*/img/*.jpg'))) == 3
    assert len(list((tmp_path / 'test').glob('*/img/*.jpg'))) == 4
    assert '7/7' in capsys.readouterr().err


def test_a_set_with_another_seed_needs_overwrite(tmp_path, run):
    run('--out', tmp_path, *SMALL)
    with pytest.raises(SystemExit, match=r'^error: .*seed 0 \(now 1\).*--overwrite'):
        run('--out', tmp_path, *SMALL, '--seed', '1')
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
    with pytest.raises(SystemExit) as stop:
        run('--out', tmp_path / 'out', *arguments)
    # argparse prints and exits with 2; the script's own errors are its exit message.
    told = capsys.readouterr().err if stop.value.code == 2 else str(stop.value.code)
    assert message in told
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
