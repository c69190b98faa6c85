import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, Tuple

import numpy as np
import pytest

from tests.raw_results import WHOLE, needs_whole_benchmarks, read_rows
from tests.scripts import TOOLS, load_script
from tests.test_datasets.trees import boxes_of, write_boxes

ROOT = Path(__file__).resolve().parents[2]


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding='latin-1')


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture) -> Callable[..., Tuple[int, str, str]]:
    """Run the script in this process: exit status, standard output, standard error."""
    script = load_script('evaluate')

    def run(*arguments: object) -> Tuple[int, str, str]:
        status = script.main([str(each) for each in arguments])
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


@pytest.mark.slow
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
    assert "good/car1_s.txt, line 2: '5,6,7' is not a box" in out
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


def scores_of(out: str) -> Dict[str, str]:
    """Success AUC and number of scored sequences by tracker, from the ranked table."""
    rows = [[cell.strip() for cell in line.split('|')[1:-1]] for line in out.splitlines()]
    return {row[1]: f'{row[2]} {row[5]}' for row in rows if len(row) == 6 and row[0].isdigit()}


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_trackers_of_one_file_name_are_scored_apart(
    evaluate: Callable, benchmark: Dict[str, Path], tmp_path: Path, kind: str
) -> None:
    root = tmp_path / 'all'
    for name in ('good', 'poor'):
        (root / 'results' / name).mkdir(parents=True)
        benchmark[name].rename(root / 'results' / name / 'UAV123')
    path = Path(shutil.make_archive(str(root), 'zip', root)) if kind == 'zip' else root

    status, out, err = evaluate('--gt', benchmark['gt'], '--results', path)

    assert status == 0, err
    assert scores_of(out) == {'good': '95.2 2/2', 'poor': '52.4 2/2'}


@pytest.mark.parametrize('line', ['None,None,None,None', 'init', '1', ''])
def test_first_line_without_a_box_keeps_the_alignment(
    evaluate: Callable, benchmark: Dict[str, Path], line: str
) -> None:
    for path in benchmark['good'].iterdir():
        path.write_text('\n'.join([line, *path.read_text().splitlines()[1:], '']))

    status, out, err = evaluate('--gt', benchmark['gt'], '--results', benchmark['good'])

    assert status == 0, err
    assert scores_of(out) == {'good': '95.2 2/2'}


@pytest.mark.parametrize(
    ('flags', 'expected'),
    [('1,0,0,0,0,0,0,0,0,0,1,0', ['CM', 'SV']), ('1,0,0', []), ('\x00\xff', [])],
)
def test_official_folder_with_attributes(
    evaluate: Callable, benchmark: Dict[str, Path], tmp_path: Path, flags: str, expected: list
) -> None:
    anno = tmp_path / 'anno' / 'UAV123'
    anno.parent.mkdir()
    benchmark['gt'].rename(anno)
    for name in ('bird1_1', 'car1_s'):
        write_text(anno / 'att' / f'{name}.txt', flags)

    status, out, err = evaluate('--gt', anno, '--results', benchmark['good'])

    assert status == 0, err
    assert scores_of(out) == {'good': '95.2 2/2'}
    assert out.startswith('# One pass evaluation on UAV123\n')
    table = [line.split() for line in out.partition('by attribute')[2].splitlines()]
    rows = [row[1:6:2] for row in table if len(row) == 7 and row[3].isdigit()]
    assert rows == [[name, '2', '95.2'] for name in expected]
    assert ('warning: 2 attribute files are not used; the first: ' in err) == (not expected)


def test_two_targets_of_a_video_are_two_sequences(evaluate: Callable, tmp_path: Path) -> None:
    for name, start in (('Jogging-1', 0), ('Jogging-2', 300), ('Car1', 50)):
        boxes = boxes_of(10) + np.array([start, 0, 0, 0])
        folder, _, number = name.partition('-')
        file = f'groundtruth_rect.{number}.txt' if number else 'groundtruth_rect.txt'
        write_boxes(tmp_path / 'OTB' / folder / file, boxes)
        write_boxes(tmp_path / 'm' / f'{name.lower()}.txt', boxes)

    status, out, err = evaluate('--gt', tmp_path / 'OTB', '--results', tmp_path / 'm')

    assert status == 0, err
    assert scores_of(out) == {'m': '95.2 3/3'}


def test_files_that_fit_no_sequence_are_named(
    evaluate: Callable, benchmark: Dict[str, Path]
) -> None:
    (benchmark['good'] / 'car1_s.txt').rename(benchmark['good'] / 'car1_t.txt')
    (benchmark['gt'] / 'readme.txt').write_text('Ground truth, x,y,w,h a line.\n')

    status, out, err = evaluate('--gt', benchmark['gt'], '--results', benchmark['good'])

    assert status == 0, err
    assert scores_of(out) == {'good': '95.2 1/2'}
    assert 'match no sequence: car1_t.txt; expected names such as bird1_1.txt' in out
    assert 'gt/readme.txt holds no boxes and is not read' in err


@pytest.mark.parametrize('spelling', ['uav20l', 'UAV20L', 'uav123@10fps', 'visdrone'])
def test_benchmark_in_any_spelling(
    evaluate: Callable, benchmark: Dict[str, Path], spelling: str
) -> None:
    status, out, err = evaluate(
        *('--gt', benchmark['gt'], '--results', benchmark['good'], '--benchmark', spelling)
    )

    assert status == 0, err
    assert spelling.lower() in out.splitlines()[0].lower()
    title = out.splitlines()[0].partition(' on ')[2]
    said = f'warning: not all sequences of {benchmark["gt"]} are of {title}' in err
    assert said == (spelling != 'uav123@10fps')


def test_unusable_tracker_does_not_stop_the_others(
    evaluate: Callable, benchmark: Dict[str, Path], tmp_path: Path
) -> None:
    write_boxes(tmp_path / 'short' / 'car1_s.txt', boxes_of(3))

    status, out, err = evaluate(
        *('--gt', benchmark['gt'], '--results', benchmark['good'], tmp_path / 'short')
    )

    assert status == 0, err
    assert scores_of(out) == {'good': '95.2 2/2'}
    assert 'warning: not in the tables: short: no sequence can be scored' in err


def test_unknown_tracker_to_compare_does_not_stop_the_scoring(
    evaluate: Callable, benchmark: Dict[str, Path]
) -> None:
    status, out, err = evaluate(
        *('--gt', benchmark['gt'], '--results', benchmark['good'], '--compare', 'good', 'KCF')
    )

    assert status == 0, err
    assert scores_of(out) == {'good': '95.2 2/2'}
    assert "warning: no comparison: there is no tracker 'KCF', only ['good']" in err


@pytest.mark.slow
def test_report_overwrites_only_its_own_files(
    evaluate: Callable, benchmark: Dict[str, Path]
) -> None:
    given = ('--gt', benchmark['gt'], '--results', benchmark['good'], '--out')
    out = benchmark['out']
    assert evaluate(*given, out)[0] == 0
    assert evaluate(*given, out)[0] == 0
    (out / 'report.md').write_text('my notes')

    status, _, err = evaluate(*given, out)

    assert status == 1
    assert 'report.md: there already, and not written by evaluate.py or changed since' in err
    assert (out / 'report.md').read_text() == 'my notes'
    assert evaluate(*given, out, '--overwrite')[0] == 0
    assert (out / 'report.md').read_text().startswith('# One pass evaluation')


@pytest.mark.parametrize('name', ['good', 'seed=0'])  # an equals sign is not always NAME=PATH
def test_inputs_are_never_overwritten(
    evaluate: Callable, benchmark: Dict[str, Path], name: str
) -> None:
    results = benchmark['good'].rename(benchmark['good'].with_name(name))
    (results / 'report.json').write_text('{}')

    status, _, err = evaluate(
        *('--gt', benchmark['gt'], '--results', results, '--out', results, '--overwrite')
    )

    assert status == 1
    assert 'report.json lies in the input folder' in err
    assert (results / 'report.json').read_text() == '{}'


@pytest.mark.slow
@needs_whole_benchmarks
@pytest.mark.parametrize('name', ['DTB70', 'UAV123_10fps'])
def test_published_numbers_are_reproduced(evaluate: Callable, name: str, tmp_path: Path) -> None:
    folder = WHOLE / name

    status, _, err = evaluate(
        *('--gt', folder / 'gt', '--results', folder / 'results.zip'),
        *('--absent', 'hit', '--out', tmp_path),
    )

    assert status == 0, err
    report = json.loads((tmp_path / 'report.json').read_text())
    expected = read_rows(folder / 'expected.csv')
    assert len(expected) == len(report) == 5
    for row in expected:
        for key in ('success_auc', 'precision20'):
            assert round(report[row['tracker']][key], 3) == float(row[key])


def test_script_runs_as_a_program(benchmark: Dict[str, Path]) -> None:
    completed = subprocess.run(
        [
            *(sys.executable, str(TOOLS / 'evaluate.py')),
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
