"""Independent random generators, one per purpose and sequence."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, split: str, index: int, purpose: str) -> np.random.Generator:
    """Random generator for one purpose within one sequence.

    Generators of different splits, indices or purposes share no state. A change to one purpose
    leaves the draws of the others unchanged, and no training texture recurs in the test split.

    Args:
        seed: Seed of the whole data set, not negative.
        split: Name of the split, such as ``'train'``.
        index: Number of the sequence within its split, from 0.
        purpose: Use of the random numbers, such as ``'world'``.
    """
    key = (seed, zlib.crc32(split.encode()), index, zlib.crc32(purpose.encode()))
    return np.random.default_rng(np.random.SeedSequence(key))
