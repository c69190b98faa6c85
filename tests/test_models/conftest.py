import pytest

from tests.toys import mmtrack_scope


@pytest.fixture(autouse=True)
def _mmtrack_scope():
    with mmtrack_scope():
        yield
