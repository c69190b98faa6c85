"""Layer pairing: by similarity or by depth."""

from typing import List, Tuple

import numpy as np


def monotone_pairs(similarity: np.ndarray) -> List[int]:
    """Column of the most similar partner of each row, with partners strictly increasing.

    Dynamic programming over all increasing choices of student (rows) and teacher layers (columns),
    for the greatest sum; among equals the earlier partners win.

    Raises:
        ValueError: If there are fewer columns than rows or a value is not finite.

    Example:
        >>> monotone_pairs(np.array([[0.1, 0.8, 0.9], [0.2, 0.3, 0.7]]))
        [1, 2]
    """
    similarity = np.asarray(similarity, dtype=np.float64)
    rows, columns = similarity.shape
    if rows > columns:
        raise ValueError(
            f'{rows} layers of the student cannot be paired in order with {columns} of the teacher.'
        )
    if not np.isfinite(similarity).all():
        raise ValueError(f'the similarity of some layers is not finite: {similarity.tolist()}.')
    # best[s, t]: greatest sum of the first s rows within the first t columns.
    best = np.full((rows + 1, columns + 1), -np.inf)
    best[0] = 0.0
    for s in range(1, rows + 1):
        for t in range(s, columns + 1):
            best[s, t] = max(best[s, t - 1], best[s - 1, t - 1] + similarity[s - 1, t - 1])
    partners: List[int] = []
    t = columns
    for s in range(rows, 0, -1):
        while best[s, t - 1] == best[s, t]:
            t -= 1
        t -= 1
        partners.insert(0, t)
    return partners


def pairs_by_depth(student_depth: int, teacher_depth: int) -> List[Tuple[int, int]]:
    """Pairs (student layer, teacher layer) at the same share of both depths, last with last.

    Example:
        >>> pairs_by_depth(2, 6)
        [(0, 2), (1, 5)]
    """
    return [
        (layer, -(-(layer + 1) * teacher_depth // student_depth) - 1)
        for layer in range(student_depth)
    ]
