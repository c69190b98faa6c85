import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmeatrack.engine.hooks import benchmark_run_hook as module
from mmeatrack.engine.hooks.benchmark_run_hook import equal_shares
from mmeatrack.evaluation.run_folder import RunFolder
from mmeatrack.files.box_text import parse_boxes
from tests.forks import run_test_in_two_processes
from tests.toy_benchmark import LENGTHS, DriftTracker, benchmark_cfg, make_benchmark

NUM_TRACKED = sum(LENGTHS.values()) - len(LENGTHS)  # the first frame is given
METRICS = [f'uav/{key}' for key in ('success_auc', 'precision20', 'norm_precision')]
METRICS.append('uav/num_sequences')


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_benchmark(tmp_path / 'data')


@contextmanager
def holder(folder: Path) -> Iterator[int]:
    """Id of a process that writes to a folder of results."""
    code = (
        'import sys, time\n'
        'from mmeatrack.evaluation.run_folder import RunFolder\n'
        "RunFolder(sys.argv[1]).claim(dict(checkpoint='of another'))\n"
        "print('held', flush=True)\n"
        'time.sleep(60)\n'
    )
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    process = subprocess.Popen(
        [sys.executable, '-c', code, str(folder)], stdout=subprocess.PIPE, env=environment
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b'held\n'
        yield process.pid
    finally:
        process.kill()
        process.wait()


def run(
    root: Path, work_dir: Path, load_from: Any = None, resume: bool = True, **model: Any
) -> dict:
    """Run a test; DriftTracker.num_tracked counts its frames."""
    DriftTracker.num_tracked = 0
    cfg = benchmark_cfg(root, work_dir, **model)
    cfg['load_from'] = load_from
    cfg['default_hooks']['benchmark_run']['resume'] = resume
    cfg['experiment_name'] = f'run_{len(list(work_dir.glob("*")))}_{work_dir.name}'
    return Runner.from_cfg(Config(cfg)).test()


def scores_of(work_dir: Path) -> dict:
    """Report without speeds."""
    report = json.loads((work_dir / 'raw_results' / 'Drift_report.json').read_text())['Drift']
    del report['speed']
    for sequence in report['per_sequence'].values():
        del sequence['fps'], sequence['network_fps']
    return report


def written_boxes(work_dir: Path) -> List[str]:
    return [(work_dir / 'raw_results' / 'Drift' / f'{name}.txt').read_text() for name in LENGTHS]


def test_results_are_kept_in_the_work_dir(root: Path, tmp_path: Path) -> None:
    metrics = run(root, tmp_path / 'work')

    assert DriftTracker.num_tracked == NUM_TRACKED
    assert metrics['uav/num_sequences'] == 4
    assert 0 < metrics['uav/success_auc'] < 95
    assert metrics['uav/network_fps'] == 1000
    lengths = [len(text.splitlines()) for text in written_boxes(tmp_path / 'work')]
    assert lengths == list(LENGTHS.values())
    assert list(scores_of(tmp_path / 'work')['per_attribute']) == ['water', 'land']


def test_interrupted_run_is_continued(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(root, tmp_path / 'whole')

    # boat takes 5 tracked frames and car 8: the run stops in quad.
    monkeypatch.setattr(DriftTracker, 'stop_after', 16)
    with pytest.raises(RuntimeError, match='the power is off'):
        run(root, tmp_path / 'parts')
    folder = tmp_path / 'parts' / 'raw_results' / 'Drift'
    assert sorted(path.stem for path in folder.glob('*_score.txt')) == ['boat_score', 'car_score']
    monkeypatch.undo()
    rest = run(root, tmp_path / 'parts')

    assert DriftTracker.num_tracked == NUM_TRACKED - 13
    assert scores_of(tmp_path / 'parts') == scores_of(tmp_path / 'whole')
    assert written_boxes(tmp_path / 'parts') == written_boxes(tmp_path / 'whole')
    assert [rest[key] for key in METRICS] == [whole[key] for key in METRICS]


def test_finished_sequences_are_not_run_again(root: Path, tmp_path: Path) -> None:
    whole = run(root, tmp_path / 'work')
    expected = scores_of(tmp_path / 'work')
    for name in ('car', 'walker'):
        (tmp_path / 'work' / 'raw_results' / 'Drift' / f'{name}.txt').unlink()

    again = run(root, tmp_path / 'work')

    assert DriftTracker.num_tracked == LENGTHS['car'] - 1 + LENGTHS['walker'] - 1
    assert scores_of(tmp_path / 'work') == expected
    assert [again[key] for key in METRICS] == [whole[key] for key in METRICS]

    run(root, tmp_path / 'work')  # nothing is left to do

    assert DriftTracker.num_tracked == 0
    assert scores_of(tmp_path / 'work') == expected


def test_weights_without_a_checkpoint_are_run_again(root: Path, tmp_path: Path) -> None:
    for _ in range(2):
        run(root, tmp_path / 'work', with_weights=True)
        assert DriftTracker.num_tracked == NUM_TRACKED


def test_results_of_another_checkpoint_are_not_mixed(root: Path, tmp_path: Path) -> None:
    for name, value in (('a', 0.0), ('b', 1.0)):
        torch.save(dict(state_dict=dict(weight=torch.tensor([value]))), tmp_path / f'{name}.pth')

    run(root, tmp_path / 'work', str(tmp_path / 'a.pth'), with_weights=True)
    run(root, tmp_path / 'work', str(tmp_path / 'a.pth'), with_weights=True)
    assert DriftTracker.num_tracked == 0
    run(root, tmp_path / 'work', str(tmp_path / 'b.pth'), with_weights=True)

    assert DriftTracker.num_tracked == NUM_TRACKED
    assert (tmp_path / 'work' / 'raw_results' / 'Drift.old-1' / 'boat.txt').is_file()


def test_results_on_other_data_are_not_taken_over(root: Path, tmp_path: Path) -> None:
    """The sequences have the same names and lengths, but other boxes."""
    run(root, tmp_path / 'work')
    first = written_boxes(tmp_path / 'work')
    other = tmp_path / 'other'
    shutil.copytree(root, other)
    for name in LENGTHS:
        path = other / name / 'groundtruth_rect.txt'
        boxes = np.loadtxt(path, delimiter=',')
        boxes[:, 0] += 20
        np.savetxt(path, boxes, delimiter=',')

    run(other, tmp_path / 'work')

    assert DriftTracker.num_tracked == NUM_TRACKED
    kept = tmp_path / 'work' / 'raw_results' / 'Drift.old-1'
    assert [(kept / f'{name}.txt').read_text() for name in LENGTHS] == first
    for name, text in zip(LENGTHS, written_boxes(tmp_path / 'work')):
        truth = np.loadtxt(other / name / 'groundtruth_rect.txt', delimiter=',')
        np.testing.assert_allclose(parse_boxes(text, name)[0], truth[0], atol=1e-3)

    run(other, tmp_path / 'work')
    assert DriftTracker.num_tracked == 0


def test_folder_of_a_running_test_is_refused(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / 'work' / 'raw_results' / 'Drift'
    with holder(folder) as pid:
        with pytest.raises(RuntimeError, match=rf'is being written by process {pid} on '):
            run(root, tmp_path / 'work')
        assert sorted(path.name for path in folder.iterdir()) == ['.writer.json', 'run.json']
        assert not (tmp_path / 'work' / 'raw_results' / 'Drift_report.json').exists()

    run(root, tmp_path / 'work')  # the other run has been killed

    assert DriftTracker.num_tracked == NUM_TRACKED
    assert len(written_boxes(tmp_path / 'work')) == len(LENGTHS)
    assert not (folder / '.writer.json').exists()


def test_run_stops_if_its_folder_is_moved(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / 'work' / 'raw_results' / 'Drift'
    track = DriftTracker.track

    def move_first(self: Any, *args: Any) -> Any:
        if folder.is_dir():
            folder.rename(tmp_path / 'moved')
        return track(self, *args)

    monkeypatch.setattr(DriftTracker, 'track', move_first)
    with pytest.raises(RuntimeError, match='no longer the folder of this run'):
        run(root, tmp_path / 'work')
    assert not folder.exists()


def test_results_are_named_after_the_model(root: Path, tmp_path: Path) -> None:
    cfg = benchmark_cfg(root, tmp_path / 'work')
    del cfg['test_evaluator']['tracker_name']
    cfg['experiment_name'] = 'no_name'
    Runner.from_cfg(Config(cfg)).test()
    found = sorted(path.name for path in (tmp_path / 'work' / 'raw_results').iterdir())
    assert found == ['DriftTracker', 'DriftTracker_report.json']


@pytest.mark.parametrize('is_main', [True, False])
def test_all_processes_stop_if_the_first_one_fails(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_main: bool
) -> None:
    """They would otherwise wait for its answer until the time limit."""
    answers: List[list] = []

    def broadcast(answer: list) -> None:
        if not is_main:
            answer[0] = 'ValueError in the first process: line 3 is malformed'
        answers.append(list(answer))

    monkeypatch.setattr(module, 'is_main_process', lambda: is_main)
    monkeypatch.setattr(module, 'broadcast_object_list', broadcast)
    monkeypatch.setattr(RunFolder, 'claim', Mock(side_effect=ValueError('line 3 is malformed')))
    with pytest.raises(ValueError if is_main else RuntimeError, match='line 3 is malformed'):
        run(root, tmp_path / 'a')
    assert answers == [['ValueError in the first process: line 3 is malformed', []]]


@pytest.mark.parametrize('num_shares', [1, 2, 3, 8])
def test_shares_have_equal_sums(num_shares: int) -> None:
    lengths = dict(enumerate(np.random.default_rng(0).integers(80, 3000, 123).tolist()))
    shares = equal_shares(lengths, num_shares)
    assert sorted(item for share in shares for item in share) == list(lengths)
    assert all(share == sorted(share) for share in shares)
    sums = [sum(lengths[item] for item in share) for share in shares]
    assert max(sums) <= 1.01 * np.mean(sums)


def test_shares_may_be_empty() -> None:
    assert equal_shares({3: 10, 5: 40}, 4) == [[5], [3], [], []]
    assert equal_shares({}, 2) == [[], []]


def test_resume_can_be_switched_off(root: Path, tmp_path: Path) -> None:
    run(root, tmp_path / 'work')
    run(root, tmp_path / 'work', resume=False)
    assert DriftTracker.num_tracked == NUM_TRACKED


@pytest.mark.slow
def test_two_processes_share_the_remaining_sequences(root: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / 'a.pth'
    torch.save(dict(state_dict=dict(weight=torch.zeros(1))), checkpoint)
    for name in ('one', 'two'):
        run(root, tmp_path / name, str(checkpoint), with_weights=True)
    folder = tmp_path / 'two' / 'raw_results' / 'Drift'
    for name in ('car', 'quad', 'walker'):
        (folder / f'{name}.txt').unlink()
    finished = (folder / 'boat.txt').stat().st_ino
    cfg = benchmark_cfg(root, tmp_path / 'two', with_weights=True)
    cfg['custom_imports'] = dict(imports=['mmeatrack', 'tests.toy_benchmark'])
    run_test_in_two_processes(cfg, tmp_path, '--checkpoint', str(checkpoint))

    assert scores_of(tmp_path / 'two') == scores_of(tmp_path / 'one')
    assert written_boxes(tmp_path / 'two') == written_boxes(tmp_path / 'one')
    assert (folder / 'boat.txt').stat().st_ino == finished
    assert not (folder / '.writer.json').exists()
