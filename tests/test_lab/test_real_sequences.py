import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Iterator, List

import cv2
import numpy as np
import pytest

from lab import real_sequences
from lab.real_sequences import compare, read_sequences
from lab.real_trackers import Clip, run_misled, run_opencv, run_ours
from mmeatrack.apis import load_tracker
from mmeatrack.conversion import publish
from mmeatrack.deploy import TrackedFrame
from tests.toys import build, tracker_cfg


def write_sequence(folder: Path, frames: int = 4) -> None:
    """A white box of 20 x 10 px that moves by 3 px per frame."""
    (folder / 'img').mkdir(parents=True)
    lines = []
    for number in range(frames):
        image = np.full((60, 90, 3), 40, np.uint8)
        x = 30 + 3 * number
        image[20:30, x : x + 20] = 255
        cv2.imwrite(str(folder / 'img' / f'{number + 1:05d}.jpg'), image)
        lines.append(f'{x},20,20,10\n')
    (folder / 'groundtruth_rect.txt').write_text(''.join(lines))


@pytest.fixture
def clips(tmp_path: Path) -> List[Clip]:
    for name in ('a', 'b'):
        write_sequence(tmp_path / name)
    return list(read_sequences(tmp_path, None))


@pytest.fixture
def toy(tmp_path: Path) -> Any:
    weights = build(tracker_cfg()).state_dict()
    return load_tracker(publish(tracker_cfg(), weights, {}, tmp_path / 'toy.safetensors'))


def test_a_tracker_that_never_moves_is_scored(clips: List[Clip]) -> None:
    def stay(frames: list, box: tuple) -> Iterator[tuple]:
        return (TrackedFrame(box, 0.4, False) for _ in frames)

    entry = compare({'still': stay}, clips)['still']
    # Overlaps 1, 17/23, 14/26 and 11/29: above 20, 14, 10 and 7 of the 21 thresholds.
    assert entry.scores.success_auc == pytest.approx((20 + 15 + 11 + 8) / 4 / 21)
    assert entry.scores.precision20 == 1.0
    assert entry.error == 0
    assert entry.fps > 0
    # 17/23 and 14/26 are right, 11/29 is not: a score of 0.4 is 4/15 too low, and uninformative.
    assert entry.trust.numbers == dict(
        auroc=0.5,
        ece=pytest.approx(4 / 15),
        right=pytest.approx(2 / 3),
        frames=6,
        right_called_lost=0,
        wrong_called_lost=None,
        wrong=0,
    )


def test_a_tracker_without_a_score_has_no_reliability(clips: List[Clip]) -> None:
    tracker = SimpleNamespace(init=lambda *_: None, update=lambda _: (False, None))
    report = {'opencv': compare({'opencv': run_opencv(lambda: tracker)}, clips)['opencv']}
    assert report['opencv'].trust is None
    assert report['opencv'].scores.precision20 == 1.0


def test_sequences_are_cut_to_the_first_frames(tmp_path: Path) -> None:
    write_sequence(tmp_path / 'a')
    with pytest.raises(ValueError, match='img: two frames or more are needed'):
        list(read_sequences(tmp_path, 1))
    (clip,) = read_sequences(tmp_path, 3)
    assert len(clip.frames) == len(clip.boxes) == 3


def test_frames_are_sorted_by_number(tmp_path: Path) -> None:
    write_sequence(tmp_path / 'a', frames=11)
    for path in (tmp_path / 'a' / 'img').iterdir():
        path.rename(path.with_name(f'{int(path.stem)}.jpg'))
    (clip,) = read_sequences(tmp_path, None)
    assert [int(frame.stem) for frame in clip.frames] == list(range(1, 12))


def test_a_truncated_frame_is_refused(clips: List[Clip]) -> None:
    frame = clips[0].frames[1]
    frame.write_bytes(frame.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r'a/img/00002.jpg: the image is truncated'):
        compare({'still': lambda frames, box: iter(())}, clips)


def test_a_sequence_without_frames_is_named(tmp_path: Path) -> None:
    write_sequence(tmp_path / 'a')
    for path in (tmp_path / 'a' / 'img').iterdir():
        path.rename(path.with_suffix('.tif'))
    with pytest.raises(FileNotFoundError, match='a/img: no image'):
        list(read_sequences(tmp_path, None))


def test_a_tracker_runs_with_its_template_and_with_a_wrong_one(clips: List[Clip], toy: Any) -> None:
    for runner in (run_ours(toy), run_misled(toy, clips)):
        entry = compare({'toy': runner}, clips)['toy']
        assert len(entry.scores.per_sequence) == 2
        assert 0 <= entry.scores.success_auc <= 1


@pytest.mark.slow
def test_table_numbers_and_plot_are_written(clips: List[Clip], toy: Any, tmp_path: Path) -> None:
    report = compare({'toy': run_ours(toy)}, clips)
    real_sequences.write(report, tmp_path / 'out')
    assert '| toy ' in (tmp_path / 'out' / 'table.md').read_text()
    assert '| score' in (tmp_path / 'out' / 'table.md').read_text()
    numbers = json.loads((tmp_path / 'out' / 'scores.json').read_text())
    assert numbers['toy']['reliability']['frames'] == 6
    for name in ('success.png', 'reliability.png'):
        assert (tmp_path / 'out' / name).stat().st_size > 1000


def test_nothing_to_compare_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sequence(tmp_path / 'a')
    assert real_sequences.main([str(tmp_path)]) == 1
    assert 'nothing to compare' in capsys.readouterr().err


def test_an_input_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sequence(tmp_path / 'a')
    (tmp_path / 'table.md').write_text('mine')
    assert real_sequences.main([str(tmp_path), '--out', str(tmp_path)]) == 1
    assert 'would be overwritten' in capsys.readouterr().err
