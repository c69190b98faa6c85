import re
from pathlib import Path
from typing import List

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from mmeatrack.engine.hooks import BenchmarkProgressHook, display_hooks
from tests.toy_benchmark import LENGTHS, benchmark_cfg, make_benchmark


@pytest.fixture
def cfg(tmp_path: Path) -> dict:
    root = make_benchmark(tmp_path / 'data')
    cfg = benchmark_cfg(root, tmp_path / 'work')
    cfg['experiment_name'] = tmp_path.name
    cfg['default_hooks']['benchmark_progress'] = dict(type='mmeatrack.BenchmarkProgressHook')
    return cfg


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> List[str]:
    """Messages of the hook."""
    logged: List[str] = []
    monkeypatch.setattr(display_hooks, 'print_log', lambda text, logger: logged.append(text))
    return logged


def test_line_of_a_sequence_has_its_name_speed_and_time_left(cfg: dict, lines: List[str]) -> None:
    Runner.from_cfg(Config(cfg)).test()

    total = sum(LENGTHS.values())
    done = 0
    for line, (name, length) in zip(lines, LENGTHS.items()):
        done += length
        assert line.startswith(f'{name}: frame {length}/{length}, ')
        assert re.search(rf', \d+\.\d frames/s, {done}/{total} frames, 0:00:0\d left$', line)
    assert len(lines) == len(LENGTHS)


def test_long_sequences_have_lines_in_between(cfg: dict, lines: List[str]) -> None:
    cfg['default_hooks']['benchmark_progress']['interval'] = 1e-9

    Runner.from_cfg(Config(cfg)).test()

    assert len(lines) == sum(LENGTHS.values())
    assert lines[0].startswith('boat: frame 1/6, ')


def test_finished_sequences_are_not_counted(cfg: dict, lines: List[str], tmp_path: Path) -> None:
    Runner.from_cfg(Config(cfg)).test()
    (tmp_path / 'work' / 'raw_results' / 'Drift' / 'car.txt').unlink()
    lines.clear()

    cfg['experiment_name'] += '_again'
    Runner.from_cfg(Config(cfg)).test()

    assert len(lines) == 1
    assert ' 9/9 frames, ' in lines[0]


def test_terminal_has_a_bar(
    cfg: dict, lines: List[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr('sys.stderr.isatty', lambda: True, raising=False)

    Runner.from_cfg(Config(cfg)).test()

    shown = capsys.readouterr().err
    assert '30/30' in shown
    assert 'walker' in shown
    assert lines == []


def test_interval_is_checked() -> None:
    with pytest.raises(ValueError, match='interval=0 must be a number of seconds > 0'):
        BenchmarkProgressHook(interval=0)
