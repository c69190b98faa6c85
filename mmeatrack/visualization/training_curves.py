"""Loss curves of training runs, read from the scalars that MMEngine writes."""

import json
import re
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmeatrack.log import warn
from mmeatrack.visualization.figures import save_figure, style_axes

PathLike = Union[str, Path]


class Curve(NamedTuple):
    """Values of one scalar by iteration.

    Attributes:
        iterations: (N,) int64, increasing.
        values: (N,) float64.
    """

    iterations: np.ndarray
    values: np.ndarray


def read_scalars(path: PathLike) -> Dict[str, Curve]:
    """Read the scalars of a training run.

    A resumed run has several files. Where they overlap, the last value counts. The last line
    of a file may be cut off, as that of a killed run is; it is left out with a warning.

    Args:
        path: A ``scalars.json`` of MMEngine's LocalVisBackend (one JSON object a line), or the
            run's work directory, with one in ``<time>/vis_data`` for each start.

    Returns:
        A curve for each scalar, in the order of their first occurrence.

    Raises:
        FileNotFoundError: If there is no such file, or none in the directory.
        ValueError: If a line before the last is malformed, or there is no scalar.
    """
    path = Path(path)
    points: Dict[str, Dict[int, float]] = {}
    for file in _scalar_files(path):
        for record in _read_records(file):
            step = record.get('step')
            for name, value in record.items():
                if step is not None and name != 'step' and isinstance(value, (int, float)):
                    points.setdefault(name, {})[int(step)] = float(value)
    if not points:
        raise ValueError(f'{path}: no scalar was logged. Did the run end before its first log?')
    return {
        name: Curve(*map(np.array, zip(*sorted(by_step.items()))))
        for name, by_step in points.items()
    }


def plot_training_curves(
    runs: Mapping[str, PathLike],
    out_path: PathLike,
    losses: Optional[Sequence[str]] = None,
    window: int = 9,
) -> None:
    """Plot the losses of training runs by iteration, a panel for each and a line for each run.

    The student's losses of a distillation (``student.loss_cls``) share the panels of a plain
    training (``loss_cls``).

    Args:
        runs: Paths for :func:`read_scalars`, by the run's name.
        out_path: The picture, ``.png`` for instance; missing folders are made.
        losses: Names of the losses to plot; by default all, the total (``loss``) first.
        window: Values that the smoothed line averages over, an odd number; the faint line is raw.

    Raises:
        ValueError: If a loss is in no run, no run is given or ``window`` is even.
        FileNotFoundError: As :func:`read_scalars`.
    """
    if not runs:
        raise ValueError('no runs: give at least one scalars.json or work directory by its name.')
    curves = {name: _loss_curves(path) for name, path in runs.items()}
    known = list(dict.fromkeys(loss for each in curves.values() for loss in each))
    losses = sorted(known, key=lambda loss: loss != 'loss') if losses is None else list(losses)
    unknown = sorted(set(losses) - set(known))
    if unknown or not losses:
        raise ValueError(f'losses {unknown or losses} are in no run; there are {known}.')
    columns = min(3, len(losses))
    rows = -(-len(losses) // columns)
    figure = Figure(figsize=(1.2 + 3.6 * columns, 0.8 + 2.7 * rows), layout='constrained')
    axes = figure.subplots(rows, columns, squeeze=False).flatten()
    for axis, loss in zip(axes, losses):
        _plot_loss(axis, loss, curves, window)
    for axis in axes[len(losses) :]:
        axis.set_visible(False)
    _add_legend(axes[0], runs)
    save_figure(figure, out_path)


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Mean of each value (N,) and its neighbours on both sides, so that the line does not lag.

    The weights fall linearly to both sides. At the ends the neighbours are those that there are.
    Values that are not finite have no weight; NaN where a window has no other. ValueError if the
    window is no odd number above 0.
    """
    if window < 1 or window % 2 != 1:
        raise ValueError(f'window {window}: give an odd number, 1 for no smoothing.')
    values = np.asarray(values, dtype=np.float64)
    half = window // 2
    kernel = half + 1.0 - np.abs(np.arange(-half, half + 1))
    finite = np.isfinite(values)
    inner = slice(half, half + len(values))
    total = np.convolve(np.where(finite, values, 0.0), kernel)[inner]
    weight = np.convolve(finite.astype(np.float64), kernel)[inner]
    return np.divide(total, weight, out=np.full(len(values), np.nan), where=weight > 0)


def _scalar_files(path: Path) -> List[Path]:
    if path.is_file():
        return [path]
    # Folders are named by their time of start, so that their order is that of time.
    files = sorted(path.glob('**/vis_data/scalars.json'))
    if not files:
        raise FileNotFoundError(
            f'{path}: neither a scalars.json nor a directory with <time>/vis_data/scalars.json. '
            'Give the work directory of a training run.'
        )
    return files


def _read_records(file: Path) -> List[Dict[str, Any]]:
    records = []
    lines = file.read_text(encoding='utf-8', errors='replace').splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            record = error
        if isinstance(record, dict):
            records.append(record)
        elif number == len(lines):
            warn(f'{file}, line {number}: cut off, left out.')
        else:
            raise ValueError(
                f'{file}, line {number}: {line[:80]!r} is no JSON object. Is this a scalars.json?'
            )
    return records


def _loss_curves(path: PathLike) -> Dict[str, Curve]:
    """The run's losses, those of a distillation's student without their prefix."""
    return {
        re.sub(r'^student\.', '', name): curve
        for name, curve in read_scalars(path).items()
        if 'loss' in name
    }


def _plot_loss(
    axis: Axes, loss: str, curves: Mapping[str, Mapping[str, Curve]], window: int
) -> None:
    for index, run in enumerate(curves):
        if loss not in curves[run]:
            continue
        curve, color = curves[run][loss], f'C{index % 10}'
        axis.plot(curve.iterations, curve.values, color=color, alpha=0.25, linewidth=0.8)
        axis.plot(curve.iterations, smooth(curve.values, window), color=color, linewidth=1.6)
    axis.set_title('total loss' if loss == 'loss' else loss, fontsize=10)
    axis.set_xlabel('iteration', fontsize=9)
    style_axes(axis)


def _add_legend(axis: Axes, runs: Iterable[str]) -> None:
    for index, run in enumerate(runs):
        axis.plot([], [], color=f'C{index % 10}', linewidth=1.6, label=run)
    axis.legend(loc='upper right', frameon=False, fontsize=8)
