"""Target map of CenterNet, rewritten in NumPy."""

import math

import numpy as np


def gaussian_numpy(
    box, grid: int, min_overlap: float = 0.7, whole_cells: bool = True
) -> np.ndarray:
    """CenterNet's target map: the smallest of the three radii that keep the overlap."""
    cx, cy, w, h = box
    w_cells, h_cells = w * grid, h * grid
    if whole_cells:
        w_cells, h_cells = math.ceil(w_cells), math.ceil(h_cells)
    area, side = w_cells * h_cells, w_cells + h_cells
    keep = (1 - min_overlap) / (1 + min_overlap)
    roots = [
        (side + math.sqrt(side**2 - 4 * area * keep)) / 2,
        side + math.sqrt(side**2 - 4 * (1 - min_overlap) * area),
        -min_overlap * side
        + math.sqrt(min_overlap**2 * side**2 + 4 * min_overlap * (1 - min_overlap) * area),
    ]
    radius = max(0, int(min(roots)))
    sigma = (2 * radius + 1) / 6
    column, row = min(round(cx * grid), grid - 1), min(round(cy * grid), grid - 1)
    heat = np.zeros((grid, grid))
    for y in range(grid):
        for x in range(grid):
            if max(abs(x - column), abs(y - row)) <= radius:
                squared = (x - column) ** 2 + (y - row) ** 2
                heat[y, x] = math.exp(-squared / (2 * sigma**2))
    return heat
