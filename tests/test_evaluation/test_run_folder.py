from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmeatrack.evaluation.run_folder import (
    RunFolder,
    SequenceResult,
    rounded_boxes,
    run_speed,
)


def make_result(name: str = 'car1_s', num_frames: int = 3, network: float = 0.01) -> SequenceResult:
    boxes = np.random.default_rng(0).uniform(0, 500, (num_frames, 4))
    return SequenceResult(
        name=name,
        boxes=rounded_boxes(boxes),
        scores=np.array([-1, 0.75, 0.5][:num_frames]),
        seconds=np.array([np.nan, 0.0125, 0.025][:num_frames]),
        network_seconds=np.full(num_frames, network),
    )


def test_files_have_the_toolkits_format(tmp_path: Path) -> None:
    result = make_result()
    RunFolder(tmp_path / 'EATrack').write(
        SequenceResult(
            'bird1_1',
            np.array([[1, 2, 3, 4], [1.23456, 2, 3.5, 4]]),
            result.scores[:2],
            result.seconds[:2],
            result.network_seconds[:2],
        )
    )

    folder = tmp_path / 'EATrack'
    assert (folder / 'bird1_1.txt').read_text() == (
        '1.0000,2.0000,3.0000,4.0000\n1.2346,2.0000,3.5000,4.0000\n'
    )
    assert (folder / 'bird1_1_score.txt').read_text() == '-1.000000\n0.750000\n'
    assert (folder / 'bird1_1_time.txt').read_text() == 'nan\n0.012500\n'
    assert (folder / 'bird1_1_network_time.txt').read_text() == '0.010000\n0.010000\n'


@pytest.mark.parametrize('network', [0.01, np.nan])
def test_round_trip(tmp_path: Path, network: float) -> None:
    folder, result = RunFolder(tmp_path), make_result(network=network)
    folder.write(result)

    read = folder.read('car1_s', 3)

    assert read is not None
    for key in ('boxes', 'scores', 'seconds', 'network_seconds'):
        np.testing.assert_array_equal(getattr(read, key), getattr(result, key))
    assert (tmp_path / 'car1_s_network_time.txt').exists() == np.isfinite(network)
    assert read.lost is None


def test_lost_signal_is_kept_if_the_tracker_reports_it(tmp_path: Path) -> None:
    folder, lost = RunFolder(tmp_path), np.array([np.nan, 0, 1])
    folder.write(replace(make_result(), lost=lost))
    assert (tmp_path / 'car1_s_lost.txt').read_text() == 'nan\n0\n1\n'
    read = folder.read('car1_s', 3)
    assert read is not None
    assert read.lost is not None
    np.testing.assert_array_equal(read.lost, lost)
    (tmp_path / 'car1_s_lost.txt').write_text('nan\n0\n')
    assert folder.read('car1_s', 3) is None


def test_incomplete_sequences_are_not_read(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert folder.read('car1_s', 3) is None
    folder.write(make_result())
    assert folder.read('car1_s', 4) is None
    (tmp_path / 'car1_s_time.txt').write_text('0.1\n')
    assert folder.read('car1_s', 3) is None


def test_malformed_side_file_is_named(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write(make_result())
    (tmp_path / 'car1_s_score.txt').write_text('high\nlow\nlow\n')

    with pytest.raises(ValueError, match=r'car1_s_score\.txt: could not convert.*delete it'):
        folder.read('car1_s', 3)


def test_results_of_another_run_are_moved_and_kept(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / 'EATrack')
    assert folder.claim(dict(checkpoint='a')) is None
    folder.write(make_result())

    assert folder.claim(dict(checkpoint='a')) is None
    assert folder.read('car1_s', 3) is not None

    assert folder.claim(dict(checkpoint='b')) == tmp_path / 'EATrack.old-1'
    assert folder.read('car1_s', 3) is None
    assert RunFolder(tmp_path / 'EATrack.old-1').read('car1_s', 3) is not None
    assert folder.identity() == dict(checkpoint='b')

    assert folder.claim(dict(checkpoint='c')) == tmp_path / 'EATrack.old-2'


def test_results_of_an_unknown_run_are_moved_too(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / 'EATrack')
    folder.write(make_result())

    assert folder.claim(dict(checkpoint='a')) == tmp_path / 'EATrack.old-1'


def test_the_report_moves_with_its_results(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / 'EATrack')
    folder.claim(dict(checkpoint='a'))
    folder.write(make_result())
    folder.write_report('{"a": 1}')
    assert (tmp_path / 'EATrack_report.json').read_text() == '{"a": 1}'

    folder.claim(dict(checkpoint='b'))

    assert not folder.report_path.exists()
    assert (tmp_path / 'EATrack.old-1_report.json').read_text() == '{"a": 1}'


def test_results_of_other_benchmarks_stay_where_they_are(tmp_path: Path) -> None:
    nested = RunFolder(tmp_path / 'EATrack' / 'UAV123')
    nested.claim(dict(data='UAV123'))
    nested.write(make_result())
    own = RunFolder(tmp_path / 'EATrack')
    own.write(make_result())

    assert own.claim(dict(data='own')) == tmp_path / 'EATrack.old-1'

    assert nested.read('car1_s', 3) is not None
    nested.lock.check()
    assert own.read('car1_s', 3) is None


def test_results_of_unknown_origin_are_never_overwritten(tmp_path: Path) -> None:
    first = RunFolder(tmp_path / 'EATrack')
    assert first.claim() is None
    first.write(make_result())
    part = RunFolder(tmp_path / 'EATrack')
    assert part.claim() is None  # of the same run
    part.lock.release()
    first.lock.release()

    assert first.claim(first.identity()) is None  # the same run goes on
    first.lock.release()
    assert RunFolder(tmp_path / 'EATrack').claim() == tmp_path / 'EATrack.old-1'
    assert RunFolder(tmp_path / 'EATrack.old-1').read('car1_s', 3) is not None


def test_a_run_that_lost_its_folder_stops(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / 'EATrack')
    folder.claim(dict(checkpoint='a'))
    folder.write(make_result('first'))
    (tmp_path / 'EATrack').rename(tmp_path / 'moved')
    other = RunFolder(tmp_path / 'EATrack', group='another run')
    other.claim(dict(checkpoint='b'))

    for write in (lambda: folder.write(make_result('second')), lambda: folder.write_report('{}')):
        with pytest.raises(RuntimeError, match='no longer the folder of this run'):
            write()

    assert [path.name for path in (tmp_path / 'EATrack').glob('*.txt')] == []
    assert not folder.report_path.exists()
    other.write(make_result('third'))


@pytest.mark.parametrize('name', ['../car', 'a/b', '/car', '..', '', 'a\\b'])
def test_sequence_name_cannot_lead_to_another_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match='must be usable as a folder name'):
        RunFolder(tmp_path / 'EATrack').write(make_result(name))
    assert list(tmp_path.iterdir()) == []


def make_timed_result(name: str, seconds: list, network_seconds: list) -> SequenceResult:
    return replace(
        make_result(name, len(seconds)),
        seconds=np.array(seconds),
        network_seconds=np.array(network_seconds),
    )


def test_frames_without_a_time_do_not_count() -> None:
    seconds = [np.nan, np.nan, 0.25]
    total, _ = run_speed([make_timed_result('a', seconds, [np.nan] * 3)])
    assert total == dict(fps=pytest.approx(4), network_fps=None)
    total, _ = run_speed([make_timed_result('a', [0.5], [9.0])])  # the first frame is not tracked
    assert total == dict(fps=None, network_fps=None)


def test_run_speed_is_total_frames_over_total_seconds() -> None:
    total, per_sequence = run_speed(
        [
            make_timed_result('a', [np.nan, 0.1, 0.1], [np.nan] * 3),
            make_timed_result('b', [5.0, 0.5], [np.nan, 0.25]),
        ]
    )

    assert total == dict(fps=pytest.approx(3 / 0.7), network_fps=pytest.approx(4))
    assert per_sequence['a'] == dict(fps=pytest.approx(10), network_fps=None)
    assert per_sequence['b'] == dict(fps=pytest.approx(2), network_fps=pytest.approx(4))
