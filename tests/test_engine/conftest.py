from typing import Iterator

import pytest


@pytest.fixture(autouse=True)
def _mmtrack_scope() -> Iterator[None]:
    from tests.toys import mmtrack_scope

    with mmtrack_scope():
        yield
