"""Settings of all tests: one thread, one seed, no window; list of slow folders."""

import gc
import os
import random
from pathlib import Path
from typing import Iterator, List, Optional

import pytest

os.environ.setdefault('MPLBACKEND', 'Agg')

# They train, start other processes, render whole videos, build whole models, belong to experiments
# or are part of `make check`. Slow tests in other files are marked there.
SLOW = (
    'test_compat/test_cpu.py',
    'test_compat/test_launchers.py',
    'test_compat/test_main.py',
    'test_compat/test_mmrazor_import.py',
    'test_configs.py',
    'test_engine/test_hooks',
    'test_engine/test_run_identity.py',
    'test_evaluation/test_metrics/test_uav_mot_metric.py',
    'test_install/test_floors.py',
    'test_isolation',
    'test_lab',
    'test_models/test_distillers/test_teacher_in_checkpoints.py',
    'test_synthetic',
    'test_tools/test_ablations.py',
    'test_tools/test_benchmark.py',
    'test_tools/test_video_demo',
    'test_training',
    'test_visualization/test_imports.py',
)


def pytest_configure(config: pytest.Config) -> None:
    """Import the libraries in the processes that run tests, not in their controller."""
    if getattr(config.option, 'numprocesses', None) and not hasattr(config, 'workerinput'):
        return
    gc.disable()  # until the tests are collected
    import torch

    import mmeatrack  # noqa: F401  the shims, before a test imports mmrazor

    torch.set_num_threads(1)


def is_slow(path: Path) -> bool:
    """True for a file or folder in ``SLOW``."""
    root = Path(__file__).parent
    return any(root / name in (path, *path.parents) for name in SLOW)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> Optional[bool]:
    """Skip slow files if their tests are deselected, as reading them takes seconds."""
    return True if config.option.markexpr == 'not slow' and is_slow(collection_path) else None


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Mark the tests of the slow folders."""
    for item in items:
        if is_slow(item.path):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(hookwrapper=True)
def pytest_collection() -> Iterator[None]:
    """Import the libraries without garbage collection, which would find nothing."""
    gc.disable()
    yield
    gc.enable()


def pytest_collection_finish() -> None:
    """Exempt the imported libraries from garbage collection, which every mmengine dataset runs."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _seed() -> None:
    import numpy as np

    from tests.seeding import seed_torch

    random.seed(0)
    np.random.seed(0)
    seed_torch(0)
