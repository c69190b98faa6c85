"""Frames that are decoded while others are used."""

import threading
from typing import Iterator, List

import pytest

from mmeatrack.files.live_frames import read_ahead


def test_the_next_item_is_fetched_while_this_one_is_used() -> None:
    fetched = [threading.Event() for _ in range(4)]

    def source() -> Iterator[int]:
        for number, event in enumerate(fetched):
            event.set()
            yield number

    found: List[int] = []
    for item in read_ahead(source()):
        found.append(item)
        following = fetched[item + 1 : item + 2]
        assert all(event.wait(10) for event in following)
        assert not any(event.is_set() for event in fetched[item + 2 :])
    assert found == [0, 1, 2, 3]


def test_an_error_is_raised_in_its_turn() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ValueError('damaged')

    items = read_ahead(source())
    assert next(items) == 1
    with pytest.raises(ValueError, match='damaged'):
        next(items)


def test_a_reader_that_stops_early_ends_the_thread() -> None:
    before = threading.active_count()
    items = read_ahead(iter(range(100)))
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
