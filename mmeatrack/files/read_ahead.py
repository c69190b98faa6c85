"""Decoding of the next frame while this one is used."""

from concurrent.futures import ThreadPoolExecutor
from typing import Iterable, Iterator, TypeVar

Item = TypeVar('Item')
_END = object()


def read_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The items in their order, each fetched in a thread while its predecessor is used.

    An error of fetching is raised in the item's turn. The source is closed with the iterator.

    Args:
        items: Frames, for instance.

    Example:
        >>> list(read_ahead(range(3)))
        [0, 1, 2]
    """
    iterator = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, _END)
        while True:
            item = coming.result()
            if item is _END:
                return
            coming = pool.submit(next, iterator, _END)
            yield item  # type: ignore[misc]
