"""A toy tracker and its loading."""

import pytest
import torch

from mmeatrack.apis import load_tracker
from tests.toys import ToyTracker, write_toy_tracker


@pytest.fixture(scope='module')
def toy(tmp_path_factory) -> ToyTracker:
    return write_toy_tracker(tmp_path_factory.mktemp('toy'))


@pytest.fixture(scope='module')
def load(toy):
    """Load the toy's weights on the CPU, by default into its own config."""

    def load(options=None, config=None, **kwargs):
        return load_tracker(config or toy.config, toy.checkpoint, 'cpu', options, **kwargs)

    return load


@pytest.fixture
def tracker(load):
    return load()


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
