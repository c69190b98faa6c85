import csv
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, Tuple

import numpy as np
import pytest

from tests.test_datasets.trees import boxes_of, write_boxes

ROOT = Path(__file__).resolve().parents[2]
RAW_RESULTS = ROOT.parent / 'shared' / 'data' / 'raw_results'


@pytest.fixture
def evaluate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> Callable[..., Tuple[int, str, str]]:
    """Run the script in this process: exit status, standard output, standard error."""
    spec = importlib.util.spec_from_file_location('evaluate_script', ROOT / 'tools' / 'evaluate.py')
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    def run(*arguments: object) -> Tuple[int, str, str]:
        monkeypatch.setattr(sys, 'argv', ['evaluate.py', *map(str, arguments)])
        status = script.main()
        return (status, *capsys.readouterr())

    return run


@pytest.fixture
def benchmark(tmp_path: Path) -> Dict[str, Path]:
    """Two sequences and two trackers, one of which loses the second sequence."""
    gt, good, poor = (tmp_path / name for name in ('gt', 'good', 'poor'))
    for name in ('bird1_1', 'car1_s'):
        write_boxes(gt / f'{name}.txt', boxes_of(10))
        write_boxes(good / f'{name}.txt', boxes_of(10))
    write_boxes(poor / 'bird1_1.txt', boxes_of(10))
    write_boxes(poor / 'car1_s.txt', boxes_of(10) + np.array([80, 0, 0, 0]))
    return dict(gt=gt, good=good, poor=poor, out=tmp_path / 'out')


def test_ranked_table_and_report(evaluate: Callable, benchmark: Dict[str, Path]) -> None:
    status, out, err = evaluate(
        *('--gt', benchmark['gt'], '--out', benchmark['out'], '--absent', 'exclude'),
        *('--results', f'Poor={benchmark["poor"]}', f'Good={benchmark["good"]}'),
    )

    assert status == 0, err
    table = [line for line in out.splitlines() if line.startswith('| ')]
    assert table[2].split('|')[2:5] == [' Good    ', '        95.2 ', '            100.0 ']
    assert 'absent=exclude' in out
    report = json.loads((benchmark['out'] / 'report.json').read_text())
    assert list(report) == ['Good', 'Poor']
    assert report['Poor']['precision20'] == pytest.approx(0.55)
    assert report['Poor']['per_sequence']['car1_s']['precision20'] == pytest.approx(0.1)
    assert (benchmark['out'] / 'success.png').stat().st_size > 10_000


def test_results_of_a_bad_file_are_left_out_and_named(
    evaluate: Callable, benchmark: Dict[str, Path]
) -> None:
    (benchmark['good'] / 'car1_s.txt').write_bytes(b'1,2,3,4\n5,6,7\n')

    status, out, err = evaluate('--gt', benchmark['gt'], '--results', benchmark['good'])

    assert status == 0, err
    assert 'left out: car1_s: ' in out
    assert "good/car1_s.txt, line 2: '5,6,7' is no box" in out
    assert ' 1/2 |' in out


@pytest.mark.parametrize(
    ('gt', 'results', 'message'),
    [
        ('nowhere', 'good', 'nowhere: no such folder of ground truth'),
        ('gt', 'nowhere', 'nowhere: no such folder or zip archive'),
    ],
)
def test_errors_are_one_line(
    evaluate: Callable, benchmark: Dict[str, Path], gt: str, results: str, message: str
) -> None:
    root = benchmark['gt'].parent

    status, _, err = evaluate('--gt', root / gt, '--results', f'A={root / results}')

    assert status == 1
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.skipif(not RAW_RESULTS.is_dir(), reason=f'no raw results in {RAW_RESULTS}')
@pytest.mark.parametrize('name', ['DTB70', 'UAV123_10fps'])
def test_published_numbers_are_reproduced(evaluate: Callable, name: str, tmp_path: Path) -> None:
    folder = RAW_RESULTS / name

    status, _, err = evaluate(
        *('--gt', folder / 'gt', '--results', folder / 'results.zip'),
        *('--absent', 'hit', '--out', tmp_path),
    )

    assert status == 0, err
    report = json.loads((tmp_path / 'report.json').read_text())
    with open(folder / 'expected.csv', newline='') as file:
        expected = list(csv.DictReader(file))
    assert len(expected) == len(report) == 5
    for row in expected:
        for key in ('success_auc', 'precision20'):
            assert round(report[row['tracker']][key], 3) == float(row[key])


def test_script_runs_as_a_program(benchmark: Dict[str, Path]) -> None:
    completed = subprocess.run(
        [
            *(sys.executable, str(ROOT / 'tools' / 'evaluate.py')),
            *('--gt', str(benchmark['gt']), '--results', f'A={benchmark["good"]}'),
        ],
        env=dict(PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1', PATH=''),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert completed.returncode == 0, completed.stderr
    assert '| 1 | A       |        95.2 |' in completed.stdout
