"""Layer pairing by similarity or by depth."""

from typing import List, Tuple

import numpy as np


def monotone_pairs(similarity: np.ndarray) -> List[int]:
    """Pair each row with its most similar column, with columns strictly increasing.

    Dynamic programming over all increasing choices of teacher layers (columns) for the student
    layers (rows) finds the greatest sum; ties go to the earlier columns.

    Returns:
        The column of each row.

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
    best = np.zeros(columns)  # greatest sum of the rows so far within columns before this one
    sums = []  # the same with the next row at this column
    for row in similarity:
        sums.append(best + row)
        best = np.append(-np.inf, np.maximum.accumulate(sums[-1])[:-1])
    partners: List[int] = []
    for at_column in reversed(sums):
        partners.insert(0, int(np.argmax(at_column[: partners[0] if partners else None])))
    return partners


def pairs_by_depth(student_depth: int, teacher_depth: int) -> List[Tuple[int, int]]:
    """Pair each student layer with the teacher layer at the same relative depth, last with last.

    Example:
        >>> pairs_by_depth(2, 6)
        [(0, 2), (1, 5)]
    """
    return [(s, -(-(s + 1) * teacher_depth // student_depth) - 1) for s in range(student_depth)]
