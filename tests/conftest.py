"""Settings of all tests: one thread, one seed, no window; folders whose tests are slow."""

import gc
import os
import random
from pathlib import Path
from typing import Iterator, List, Optional

import numpy as np
import pytest
import torch

import mmeatrack  # noqa: F401  the shims, before a test imports mmrazor

os.environ.setdefault('MPLBACKEND', 'Agg')
torch.set_num_threads(1)

# They train, start other processes, render whole videos or build whole models. Single slow tests of
# other folders are marked where they are.
SLOW = (
    'test_compat/test_activation_checkpointing.py',
    'test_compat/test_cpu.py',
    'test_compat/test_launchers.py',
    'test_compat/test_main.py',
    'test_compat/test_mmrazor_import.py',
    'test_configs.py',
    'test_engine/test_hooks',
    'test_engine/test_run_identity.py',
    'test_isolation',
    'test_lab/test_experiments',
    'test_models/test_distillers/test_teacher_in_checkpoints.py',
    'test_synthetic',
    'test_tools/test_ablations.py',
    'test_tools/test_benchmark.py',
    'test_tools/test_video_demo.py',
    'test_training',
)


def is_slow(path: Path) -> bool:
    """Tell a file, or a folder, of slow tests alone."""
    root = Path(__file__).parent
    return any(root / name in (path, *path.parents) for name in SLOW)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> Optional[bool]:
    """Leave slow files unread where none of their tests is wanted: reading takes seconds."""
    return True if config.option.markexpr == 'not slow' and is_slow(collection_path) else None


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Mark the tests of the slow folders."""
    for item in items:
        if is_slow(item.path):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(hookwrapper=True)
def pytest_collection() -> Iterator[None]:
    """Import the libraries without garbage collection, which finds nothing in them."""
    gc.disable()
    yield
    gc.enable()


def pytest_collection_finish() -> None:
    """Exempt the imported libraries from garbage collection, which each mmengine dataset runs."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _seed() -> None:
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
