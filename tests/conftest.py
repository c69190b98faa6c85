"""Settings of all tests: one thread, one seed, no window; folders whose tests are slow."""

import gc
import os
import random
from pathlib import Path
from typing import List

import numpy as np
import pytest
import torch

import mmeatrack  # noqa: F401  the shims, before a test imports mmrazor

os.environ.setdefault('MPLBACKEND', 'Agg')
torch.set_num_threads(1)

# They train, start other processes or render whole videos. Single slow tests of other folders are
# marked where they are.
SLOW = (
    'test_compat/test_activation_checkpointing.py',
    'test_compat/test_cpu.py',
    'test_compat/test_launchers.py',
    'test_compat/test_main.py',
    'test_compat/test_mmrazor_import.py',
    'test_engine/test_hooks',
    'test_engine/test_run_identity.py',
    'test_isolation',
    'test_lab/test_experiments',
    'test_models/test_distillers/test_teacher_in_checkpoints.py',
    'test_synthetic',
    'test_tools/test_ablations.py',
    'test_tools/test_benchmark.py',
    'test_training',
)


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Mark the tests of the slow folders."""
    root = Path(__file__).parent
    for item in items:
        if any(root / name in (item.path, *item.path.parents) for name in SLOW):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Exempt the imported libraries from garbage collection, which each mmengine dataset runs."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _seed() -> None:
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
