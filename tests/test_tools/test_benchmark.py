import json
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import pytest

from tests.forks import SERVER
from tests.scripts import load_script
from tests.toys import distill_cfg, mmtrack_scope, tracker_cfg

OPTIMIZER = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3))


@pytest.fixture
def benchmark(capsys: pytest.CaptureFixture) -> Any:
    """Run the script in this process: exit status, standard output, standard error."""
    script = load_script('benchmark')

    def run(*arguments: object) -> Tuple[int, str, str]:
        status = script.main([str(each) for each in arguments])
        return (status, *capsys.readouterr())

    with mmtrack_scope():
        yield run


@pytest.fixture
def configs(tmp_path: Path) -> Dict[str, Path]:
    """Toy configs; the training data is missing."""
    loader = dict(
        batch_size=2,
        num_workers=0,
        dataset=dict(type='mmeatrack.SyntheticUAVDataset', data_root=str(tmp_path / 'absent')),
        sampler=dict(type='DefaultSampler', shuffle=False),
    )
    paths = {}
    for name, model in (('distill', distill_cfg()), ('tracker', tracker_cfg())):
        paths[name] = tmp_path / f'{name}.py'
        paths[name].write_text(
            "custom_imports = dict(imports=['mmeatrack'])\n"
            f'model = {model!r}\noptim_wrapper = {OPTIMIZER!r}\ntrain_dataloader = {loader!r}\n'
        )
    return paths


def cells(text: str, first: str) -> List[str]:
    """Table row that begins with ``first``."""
    tables = (line.strip('|').split('|') for line in text.splitlines() if line.startswith('|'))
    rows = [
        row for row in ([cell.strip() for cell in cells] for cells in tables) if row[0] == first
    ]
    assert len(rows) == 1, text
    return rows[0]


@pytest.mark.skipif(sys.platform != 'linux', reason="reads a process's memory from /proc")
def test_training(
    benchmark: Callable, configs: Dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('lab.costs.peak_memory.get_context', lambda _: SERVER)
    out = tmp_path / 'reports' / 'train.md'
    status, printed, err = benchmark(
        *('train', '--config', configs['distill'], '--rounds', 3, '--out', out)
    )
    assert status in (0, 2), err  # toy sizes promise no ratio
    assert out.read_text() in printed
    for part in ('student step', 'teacher forward'):
        assert 0 < float(cells(printed, part)[1]) < 1000
    assert 'batches of 2, 3 rounds' in printed
    assert 'Loader: not measured' in printed
    assert float(cells(printed, 'student')[1]) > 0  # MiB
    assert 'torch' in printed


def test_tracking(benchmark: Callable, configs: Dict[str, Path]) -> None:
    status, printed, err = benchmark(
        *('temporal', '--config', configs['tracker'], '--interval', 2, '--periods', 3)
    )
    assert status in (0, 2), err
    assert 'interval 2, 6 frames' in printed
    assert cells(printed, 'without')[4] == '1'
    for fusion in ('concat', 'blend'):
        assert 0.2 < float(cells(printed, fusion)[4].split()[0]) < 5
    assert (status == 2) == ('MISSED' in printed)


def test_report_replaces_neither_inputs_nor_foreign_files(
    benchmark: Callable, configs: Dict[str, Path], tmp_path: Path
) -> None:
    config, notes = configs['tracker'], tmp_path / 'notes.md'
    content = config.read_text()
    notes.write_text('mine')
    for out, expected in (
        (config, 'is an input and would be overwritten'),
        (notes, 'not written by benchmark.py'),
    ):
        status, _, err = benchmark('temporal', '--config', config, '--out', out)
        assert status == 1
        assert expected in err
    assert config.read_text() == content
    assert notes.read_text() == 'mine'


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (('train', '--config', 'absent.py'), 'absent.py'),
        (('train', '--config', '{tracker}'), 'is not a distillation'),
        (('temporal', '--config', '{tracker}', '--device', 'cuda:0'), 'sees no GPU'),
        (('store-memory', '--frames', '150'), 'frames=150 must be a positive multiple of 100'),
    ],
)
def test_errors_are_one_line(
    benchmark: Callable,
    configs: Dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    arguments: Tuple[str, ...],
    expected: str,
) -> None:
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    given = [each.format(tracker=configs['tracker']) for each in arguments]
    status, _, err = benchmark(*given)
    assert status == 1
    assert expected in err.strip().splitlines()[-1]


def test_count_below_one_is_refused(benchmark: Callable, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        benchmark('train', '--rounds', '0')
    assert "'0' is not a whole number of at least 1" in capsys.readouterr().err


def test_many_targets_are_measured_against_single_calls(benchmark: Any, configs: Any) -> None:
    arguments = ('--config', configs['tracker'], '--counts', 2, 16, '--rounds', 2)
    status, output, _ = benchmark('targets', *arguments)
    assert [len(cells(output, count)) for count in ('2', '16')] == [6, 6]
    assert ('MISSED' in output) == (status == 2)
    assert '16 targets / 16 calls: ' in output


def test_speed(benchmark: Callable, configs: Dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / 'speed.md'
    tracker = f'toy={configs["tracker"]}'
    status, printed, err = benchmark(
        *('speed', '--trackers', tracker, '--frames', 6, '--rounds', 2, '--out', out)
    )
    assert status == 0, err
    assert out.read_text() in printed
    for way in ('plain', 'fast'):
        row = cells(printed, f'toy, {way}')
        assert float(row[6]) > 0  # frames a second
        assert row[10] == '-'  # no sequences, no success
    assert set(json.loads(out.with_suffix('.json').read_text())) == {'toy, plain', 'toy, fast'}
    assert out.with_suffix('.png').read_bytes().startswith(b'\x89PNG')


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        (['--trackers', 'no-name.py'], 'give NAME=SOURCES'),
        (['--trackers', 'a=no-such.py'], 'no-such.py: no such config'),
        (['--trackers'], 'nothing to compare'),
        (['--trackers', '--exports', 'a=no-folder'], 'no-folder'),
        (['--exports', 'a=no-folder', '--ways', 'compiled'], 'no-folder'),
        (['--sequences', 'no-videos', '--ways', 'compiled'], 'no-videos'),
        (
            ['--nanotrack', 'no.onnx', 'no.onnx', '--ways', 'compiled'],
            'no.onnx: no such file',
        ),
        (['--trackers', '--csrt', '--growth', '10'], '--growth measures the first of --trackers'),
    ],
)
def test_missing_input_of_speed_is_refused_before_compiling(
    benchmark: Callable, monkeypatch: pytest.MonkeyPatch, options: List[str], expected: str
) -> None:
    monkeypatch.setattr('torch.compile', lambda *_, **__: pytest.fail('was compiled'))
    status, _, err = benchmark('speed', *options)
    assert status == 1
    assert expected in err
