"""Loss curves of training runs, from the scalars that MMEngine logs."""

import json
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmeatrack.log import warn
from mmeatrack.visualization.figures import save_figure, style_axes

PathLike = Union[str, Path]

_STUDENT = 'student.'  # prefix of the student's losses in a distillation


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

    A resumed run has several files; where they overlap, the later value counts. An incomplete last
    line, as a killed run leaves it, is skipped with a warning.

    Args:
        path: ``scalars.json`` of MMEngine's LocalVisBackend (one JSON object per line), or the work
            directory of the run, with one in ``<time>/vis_data`` for each start.

    Returns:
        Curves by name, in the order of their first occurrence.

    Raises:
        FileNotFoundError: If there is no such file, or none in the directory.
        ValueError: If a line before the last is malformed, or there is no scalar.
    """
    path = Path(path)
    # The folders are named by starting time.
    files = [path] if path.is_file() else sorted(path.glob('**/vis_data/scalars.json'))
    if not files:
        raise FileNotFoundError(
            f'{path}: neither a scalars.json nor a directory with <time>/vis_data/scalars.json. '
            'Give the work directory of a training run.'
        )
    points: Dict[str, Dict[int, float]] = {}
    for record in (record for file in files for record in _read_records(file)):
        step = record.pop('step', None)
        for name, value in record.items():
            if step is not None and isinstance(value, (int, float)):
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
    """Plot the losses of training runs by iteration, a panel per loss and a line per run.

    The student's losses in a distillation (``student.loss_cls``) share the panels of plain training
    (``loss_cls``).

    Args:
        runs: Paths for :func:`read_scalars`, by the name of the run.
        out_path: The picture, for instance ``.png``; missing folders are made.
        losses: Names of the losses to plot; by default all, the total (``loss``) first.
        window: Odd number of values averaged by the smoothed line; the faint line is raw.

    Raises:
        ValueError: If a loss is in no run, no run is given or ``window`` is even.
        FileNotFoundError: See :func:`read_scalars`.
    """
    if not runs:
        raise ValueError('no runs: give at least one scalars.json or work directory by its name.')
    curves = {
        run: {
            name[len(_STUDENT) :] if name.startswith(_STUDENT) else name: curve
            for name, curve in read_scalars(path).items()
            if 'loss' in name
        }
        for run, path in runs.items()
    }
    known = list(dict.fromkeys(loss for each in curves.values() for loss in each))
    losses = sorted(known, key=lambda loss: loss != 'loss') if losses is None else list(losses)
    unknown = sorted(set(losses) - set(known))
    if unknown or not losses:
        raise ValueError(f'losses {unknown or losses} are in no run; there are {known}.')
    columns = min(3, len(losses))
    rows = -(-len(losses) // columns)
    figure = Figure(figsize=(1.2 + 3.6 * columns, 0.8 + 2.7 * rows), layout='constrained')
    panels = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, loss in zip(panels, losses):
        _plot_loss(axes, loss, curves, window)
    for axes in panels[len(losses) :]:
        axes.set_visible(False)
    for index, run in enumerate(runs):
        panels[0].plot([], [], color=f'C{index % 10}', linewidth=1.6, label=run)
    panels[0].legend(loc='upper right', frameon=False, fontsize=8)
    save_figure(figure, out_path)


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Centred moving average of values (N,) with triangular weights, truncated at the ends.

    Non-finite values are ignored; windows without a finite value give NaN. ValueError if the window
    is not a positive odd number.
    """
    from pandas import Series  # takes half a second to import

    if window < 1 or window % 2 != 1:
        raise ValueError(f'window {window}: give an odd number, 1 for no smoothing.')
    finite = Series(np.where(np.isfinite(values), values, np.nan))
    windows = finite.rolling(window, win_type='triang', center=True, min_periods=1)
    return np.asarray(windows.mean())


def _read_records(file: Path) -> Iterator[Dict[str, Any]]:
    lines = file.read_text(encoding='utf-8', errors='replace').splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if isinstance(record, dict):
            yield record
        elif number == len(lines):
            warn(f'{file}, line {number}: incomplete, skipped.')
        else:
            raise ValueError(
                f'{file}, line {number}: {line[:80]!r} is not a JSON object. Is this a '
                'scalars.json?'
            )


def _plot_loss(
    axes: Axes, loss: str, curves: Mapping[str, Mapping[str, Curve]], window: int
) -> None:
    for index, by_loss in enumerate(curves.values()):
        if loss in by_loss:
            curve, color = by_loss[loss], f'C{index % 10}'
            axes.plot(curve.iterations, curve.values, color=color, alpha=0.25, linewidth=0.8)
            axes.plot(curve.iterations, smooth(curve.values, window), color=color, linewidth=1.6)
    axes.set_title('total loss' if loss == 'loss' else loss, fontsize=10)
    axes.set_xlabel('iteration', fontsize=9)
    style_axes(axes)
