"""A toy tracker and its loading; only the fixtures, in the workers, import the libraries."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.toys import ToyTracker


@pytest.fixture(scope='module')
def toy(tmp_path_factory: pytest.TempPathFactory) -> 'ToyTracker':
    from tests.toys import write_toy_tracker

    return write_toy_tracker(tmp_path_factory.mktemp('toy'))


@pytest.fixture(scope='module')
def load(toy):
    """Load the toy's weights on the CPU, by default into its own config."""
    from mmeatrack.apis import load_tracker

    def load(options=None, config=None, **kwargs):
        return load_tracker(config or toy.config, toy.checkpoint, 'cpu', options, **kwargs)

    return load


@pytest.fixture
def tracker(load):
    return load()
