import json
from pathlib import Path
from typing import Any

import pytest

from tests.test_engine.toy_runs import KeepResults, VideoDataset, train_runner
from tests.toys import build, distill_cfg, follow, tracker_cfg

HOOKS = [dict(type='mmeatrack.TeacherValHook')]


def validated(model: Any, work_dir: Path, values: list, hooks: list = HOOKS) -> KeepResults:
    """Train two epochs with a validation of one three-frame video after each."""
    metric = KeepResults(values)
    train_runner(model, work_dir, metric=metric, custom_hooks=hooks).train()
    return metric


def test_teacher_runs_once_and_is_logged_every_time(tmp_path) -> None:
    model = build(distill_cfg())
    metric = validated(model, tmp_path, [0.9, 0.4, 0.5])
    (scalars,) = tmp_path.glob('*/vis_data/scalars.json')
    records = [json.loads(line) for line in scalars.read_text().splitlines()]
    logged = [record for record in records if 'toy/success' in record]
    assert [(r['teacher/toy/success'], r['toy/success']) for r in logged] == [
        (0.9, 0.4),
        (0.9, 0.5),
    ]
    assert len(metric.rows) == 3 * 3  # once the teacher, twice the student


def test_rows_are_the_teachers_own(tmp_path) -> None:
    model = build(distill_cfg())
    metric = validated(model, tmp_path, [0.9, 0.4, 0.5])
    frames = [frame for frame, _ in VideoDataset([0], 3).frames]
    expected = follow(model.teacher, frames)
    for row, own in zip(metric.rows[1:3], expected[1:]):
        assert row.tolist() == pytest.approx(own.tolist(), abs=1e-5)


def test_best_checkpoint_is_the_students(tmp_path) -> None:
    model, metric = build(distill_cfg()), KeepResults([0.9, 0.4, 0.5])
    checkpoint = dict(interval=1, save_best='toy/success', rule='greater')
    train_runner(model, tmp_path, checkpoint=checkpoint, metric=metric, custom_hooks=HOOKS).train()
    assert [path.name for path in tmp_path.glob('best_*.pth')] == ['best_toy_success_epoch_2.pth']


def test_plain_tracker_is_refused(tmp_path) -> None:
    with pytest.raises(TypeError, match='but the model is EATrack: remove the hook'):
        validated(build(tracker_cfg()), tmp_path, [0.4])
