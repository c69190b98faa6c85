"""What all tests share: two threads, one seed, no window."""

import os
import random

import numpy as np
import pytest
import torch

os.environ.setdefault('MPLBACKEND', 'Agg')
torch.set_num_threads(2)


@pytest.fixture(autouse=True)
def _seed() -> None:
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
