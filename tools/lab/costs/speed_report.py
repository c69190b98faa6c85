"""Table, numbers and plot of a speed comparison."""

from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence

import numpy as np

from lab.costs.report import BenchmarkReport
from lab.costs.speed import Tracked
from lab.costs.speed_trackers import Contestant

PROTOCOL = (
    'Batch 1, after a warm-up. All trackers are interleaved in one process, in a new random order '
    'for every frame and round. Medians; of processor time if one thread of a CPU does the work. '
    'Network: one frame with the cached parts of the template, without temporal tokens; template: '
    'a view of the target with its crop. End to end: from the decoded frame to the box. '
    'Multiply-adds without and with those of attention. Of matmul rate: twice the latter over the '
    "network's median, over the best rate of a 1024 x 1024 matrix product in float32."
)


def entries(
    contestants: Sequence[Contestant],
    networks: Mapping[str, Mapping[str, np.ndarray]],
    tracked: Mapping[str, Tracked],
    rate: float,
    memory: Mapping[str, int],
) -> Dict[str, Dict[str, Any]]:
    """Numbers of each tracker: seconds as median, min and p95; None if not measured."""
    found: Dict[str, Dict[str, Any]] = {}
    for each in contestants:
        network = networks.get('network', {}).get(each.name)
        macs = None if each.size is None else each.size.search
        operations = None if macs is None else 2 * (macs.layers + macs.attention)
        whole = tracked[each.name]
        found[each.name] = dict(
            parameters=each.parameters,
            macs_layers=None if macs is None else macs.layers,
            macs_with_attention=None if macs is None else macs.layers + macs.attention,
            network_seconds=_summary(network),
            end_to_end_seconds=_summary(whole.seconds),
            frames_per_second=1 / float(np.median(whole.seconds)),
            template_seconds=_summary(networks.get('template', {}).get(each.name)),
            peak_bytes=memory.get(each.name),
            share_of_matmul_rate=None
            if operations is None or network is None
            else operations / float(np.median(network)) / rate,
            success=whole.success,
        )
    return found


def _columns(each: Mapping[str, Any]) -> Dict[str, str]:
    """Cells of a tracker by header."""
    template = (each['template_seconds'] or {}).get('median')
    return {
        'M parameters': _number(each['parameters'], 1e-6, 2),
        'GMACs': _number(each['macs_layers'], 1e-9, 2),
        'with attention': _number(each['macs_with_attention'], 1e-9, 2),
        'network ms (min, p95)': _times(each['network_seconds']),
        'end to end ms (min, p95)': _times(each['end_to_end_seconds']),
        'frames/s': _number(each['frames_per_second'], 1, 1),
        'template ms': _number(template, 1e3, 1),
        'peak MiB': _number(each['peak_bytes'], 2**-20, 0),
        'of matmul rate': _number(each['share_of_matmul_rate'], 1, 2),
        'success': _number(each['success'], 100, 1),
    }


def add_table(report: BenchmarkReport, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Add a row for each tracker."""
    columns = {name: _columns(each) for name, each in found.items()}
    header = ['tracker', *next(iter(columns.values()))]
    report.table(header, [[name, *cells.values()] for name, cells in columns.items()])


def plot_speed(found: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Plot success against frames per second; bars of frames per second without any success."""
    from matplotlib.figure import Figure

    from mmeatrack.visualization.figures import MARKERS, save_figure, style_axes

    figure = Figure(figsize=(7, 4.2), layout='constrained')
    axes = figure.add_subplot()
    scored = {name: each for name, each in found.items() if each['success'] is not None}
    if not scored:
        rates = [each['frames_per_second'] for each in found.values()]
        axes.barh(list(found), rates, color='#4477aa')
        axes.invert_yaxis()
    else:
        for i, (name, each) in enumerate(scored.items()):
            place = each['frames_per_second'], 100 * each['success']
            axes.plot(*place, MARKERS[i % len(MARKERS)], markersize=8, label=name)
        axes.set_xscale('log')
        axes.xaxis.set_major_formatter('{x:g}')
        axes.xaxis.set_minor_formatter('{x:g}')
        axes.set_ylabel('success AUC, %')
        axes.legend(fontsize=8)
    axes.set_xlabel('frames per second, end to end')
    style_axes(axes)
    save_figure(figure, path)


def _summary(seconds: Optional[np.ndarray]) -> Optional[Dict[str, float]]:
    if seconds is None:
        return None
    low, middle, high = (float(np.percentile(seconds, q)) for q in (0, 50, 95))
    return dict(median=middle, min=low, p95=high)


def _times(summary: Optional[Mapping[str, float]]) -> str:
    if summary is None:
        return '-'
    middle, low, high = (f'{1e3 * summary[key]:.1f}' for key in ('median', 'min', 'p95'))
    return f'{middle} ({low}, {high})'


def _number(value: Optional[float], scale: float, digits: int) -> str:
    return '-' if value is None else f'{value * scale:.{digits}f}'
