from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
import torch

from mmeatrack.engine import OracleViewsHook
from mmeatrack.registry import HOOKS
from tests.test_engine.toy_runs import KeepResults, VideoDataset, video_runner
from tests.toys import build, tracker_cfg, video

# The square's truth by frame: it moves by 2 px a frame.
TRUTH = {frame: [70.0 + 2 * frame, 50.0, 90.0 + 2 * frame, 70.0] for frame in range(6)}


def oracle_views(interval: int) -> List[dict]:
    return [dict(type='mmeatrack.OracleViewsHook', interval=interval)]


def rows(work_dir: Path, model: Any, truth: Dict[int, List[float]], hooks: list) -> torch.Tensor:
    """(frames, 5) boxes and scores of a test run on one toy video."""
    metric, data = KeepResults(), VideoDataset([1])
    for frame, (_, sample) in enumerate(data.frames):
        sample.set_metainfo(dict(instances=[dict(bbox=truth[frame])]))
    video_runner(model, work_dir, data, metric, custom_hooks=hooks).test()
    return torch.stack(metric.rows)


def test_slot_shows_the_true_target(tmp_path: Path) -> None:
    """Encoded by hand in frames 2 and 4, in use from the frames after them."""
    model, frames = build(tracker_cfg()), video(6, 1)
    every_2nd = rows(tmp_path / 'a', model, TRUTH, oracle_views(2))
    expected = model.encode_template(frames[4].float(), (88.0, 60.0, 20.0, 20.0))
    assert torch.equal(model.state.temporal, expected)
    without = rows(tmp_path / 'b', model, TRUTH, [])
    assert torch.equal(every_2nd[:3], without[:3])
    assert not torch.equal(every_2nd[3], without[3])


@pytest.mark.parametrize('absent', [[np.nan] * 4, [5.0, 5.0, 5.0, 5.0]])
def test_no_view_of_an_absent_target(tmp_path: Path, absent: List[float]) -> None:
    model, frames = build(tracker_cfg()), video(6, 1)
    rows(tmp_path / 'a', model, {**TRUTH, 4: absent}, oracle_views(2))
    assert torch.equal(
        model.state.temporal, model.encode_template(frames[2].float(), (84.0, 60.0, 20.0, 20.0))
    )


def test_two_that_fill_the_slot_are_refused(tmp_path: Path) -> None:
    hooks = [*oracle_views(5), dict(type='mmeatrack.TemporalAdaptationHook')]
    with pytest.raises(ValueError, match='both fill the temporal slot'):
        rows(tmp_path / 'a', build(tracker_cfg()), TRUTH, hooks)
    with pytest.raises(ValueError, match='interval=0 must be at least 1'):
        OracleViewsHook(interval=0)


def test_the_former_name_is_the_same_hook_with_a_warning() -> None:
    with pytest.warns(FutureWarning, match='is now called mmeatrack.OracleViewsHook'):
        hook = HOOKS.build(dict(type='mmeatrack.TrueViewsHook', interval=3))
    assert isinstance(hook, OracleViewsHook)
    assert hook.interval == 3
