"""Arrays of either library: PyTorch's tensors, or NumPy's arrays where there is no PyTorch."""

import sys
from typing import Any

Array = Any
"""A ``torch.Tensor`` or a ``numpy.ndarray``."""


def library_of(array: Array) -> Any:
    """Module of an array's functions, ``torch`` or ``numpy``; it has been imported already."""
    return sys.modules[type(array).__module__.partition('.')[0]]
