"""mmtrack's test run with TemporalAdaptationHook, in any order and in one or two processes."""

from pathlib import Path
from typing import Dict, List, Optional, Sequence

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from tests.forks import run_test_in_two_processes
from tests.test_isolation.toy_flights import (
    LENGTHS,
    STORE,
    exact_results,
    flights_cfg,
    write_flights,
)
from tests.toys import mmtrack_scope, write_toy_tracker


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_flights(tmp_path_factory.mktemp('flights'))


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_tracker(tmp_path_factory.mktemp('toy')).checkpoint


def run(
    root: Path,
    work_dir: Path,
    checkpoint: Path,
    names: Sequence[str],
    store: Optional[dict] = STORE,
) -> Dict[str, List[str]]:
    """Results of a test run in this process."""
    with mmtrack_scope():
        cfg = Config(flights_cfg(root, work_dir, checkpoint, names, store))
        Runner.from_cfg(cfg).test()
    return exact_results(work_dir)


def test_order_of_the_videos_does_not_matter(root: Path, checkpoint: Path, tmp_path: Path) -> None:
    forth = run(root, tmp_path / 'forth', checkpoint, ['car', 'kite'])
    back = run(root, tmp_path / 'back', checkpoint, ['kite', 'car'])
    alone = run(root, tmp_path / 'alone', checkpoint, ['kite'])
    plain = run(root, tmp_path / 'plain', checkpoint, ['kite'], None)

    assert {name: len(lines) for name, lines in forth.items()} == {'car': 9, 'kite': 8}
    assert forth == back
    assert alone == {'kite': forth['kite']}
    # The store has an effect from the frame after its first activation on.
    assert plain['kite'][:3] == alone['kite'][:3]
    assert plain['kite'][3:] != alone['kite'][3:]


def test_two_processes_equal_one(root: Path, checkpoint: Path, tmp_path: Path) -> None:
    one = run(root, tmp_path / 'one', checkpoint, tuple(LENGTHS))
    run_test_in_two_processes(
        flights_cfg(root, tmp_path / 'two', checkpoint, store=STORE), tmp_path
    )

    assert {name: len(lines) for name, lines in one.items()} == LENGTHS
    assert exact_results(tmp_path / 'two') == one
