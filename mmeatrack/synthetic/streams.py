"""Independent random streams, one for each purpose of each sequence."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, split: str, index: int, purpose: str) -> np.random.Generator:
    """The random generator of one purpose within one sequence.

    Streams of different splits, indices or purposes share no state, so that a change to one part
    of the generator leaves the others' draws alone and no train texture recurs in the test split.

    Args:
        seed: Seed of the whole data set, not negative.
        split: Name of the split, such as ``'train'``.
        index: Number of the sequence within its split, from 0.
        purpose: What the numbers are for, such as ``'world'``.
    """
    key = (seed, zlib.crc32(split.encode()), index, zlib.crc32(purpose.encode()))
    return np.random.default_rng(np.random.SeedSequence(key))
