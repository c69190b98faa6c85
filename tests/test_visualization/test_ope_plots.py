from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from mmeatrack.evaluation import ope_scores
from mmeatrack.evaluation.report import TrackerReport, attribute_scores
from mmeatrack.visualization.ope_plots import plot_curves, plot_files, plot_radar, plot_report

pytestmark = pytest.mark.slow


def make_entry(noise: float, attributes: str = 'SV IV OV') -> TrackerReport:
    rng = np.random.default_rng(0)
    truth = np.tile([50.0, 50, 20, 20], (40, 1))
    scores = ope_scores([truth + rng.normal(0, noise, truth.shape)], [truth])
    return TrackerReport(scores, attribute_scores(scores, {'0': attributes.split()}))


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list:
    """Figures that are written."""
    written: list = []
    save = Figure.savefig

    def keep_and_save(figure: Figure, *args: object, **kwargs: object) -> None:
        written.append(figure)
        save(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, 'savefig', keep_and_save)
    return written


@pytest.mark.parametrize(
    ('kind', 'score_key', 'curve_key'),
    [
        ('success', 'success_auc', 'success_curve'),
        ('precision', 'precision20', 'precision_curve'),
        ('norm_precision', 'norm_precision', 'norm_precision_curve'),
    ],
)
def test_curves_and_legend_show_the_report(
    tmp_path: Path, figures: list, kind: str, score_key: str, curve_key: str
) -> None:
    report = {'rough': make_entry(9), 'fine': make_entry(1)}

    plot_curves(report, kind, tmp_path / 'plot.png', 'DTB70')

    (axes,) = figures[0].axes
    assert [line.get_label() for line in axes.lines] == [
        f'[{getattr(report[name].scores, score_key):.3f}] {name}' for name in ('fine', 'rough')
    ]
    np.testing.assert_array_equal(
        axes.lines[1].get_ydata(), getattr(report['rough'].scores, curve_key)
    )
    assert axes.get_title().endswith('of OPE on DTB70')
    image = cv2.imread(str(tmp_path / 'plot.png'))
    assert image.shape[:2] == (780, 960)


def test_trackers_keep_their_style_in_another_order(tmp_path: Path, figures: list) -> None:
    report = {'a': make_entry(1), 'b': make_entry(9)}
    most_precise = replace(report['b'].scores, precision_curve=np.full(51, 2.0))
    report['b'] = replace(report['b'], scores=most_precise)

    for kind in ('success', 'precision'):
        plot_curves(report, kind, tmp_path / f'{kind}.png')

    colors = [
        {line.get_label().split()[-1]: line.get_color() for line in figure.axes[0].lines}
        for figure in figures
    ]
    assert colors[0] == colors[1]
    assert len(set(colors[0].values())) == 2
    assert figures[1].axes[0].lines[0].get_label().endswith('b')


def test_fourteen_trackers_differ_by_colour_or_line(tmp_path: Path, figures: list) -> None:
    report = {f'T{i}': make_entry(i + 1) for i in range(14)}

    plot_curves(report, 'success', tmp_path / 'plot.png')

    lines = figures[0].axes[0].lines
    assert (
        len({(line.get_color(), line.get_linestyle(), str(line._dash_pattern)) for line in lines})
        == 14
    )


def test_radar_closes_over_the_shared_attributes(tmp_path: Path, figures: list) -> None:
    report = {'a': make_entry(1, 'SV IV OV LR'), 'b': make_entry(5)}

    plot_radar(report, tmp_path / 'radar.png', 'UAV123')

    (axes,) = figures[0].axes
    assert [label.get_text().split()[0] for label in axes.get_xticklabels()] == ['IV', 'OV', 'SV']
    values = axes.lines[0].get_ydata()
    np.testing.assert_allclose(values, [report['a'].scores.success_auc] * 4)
    assert cv2.imread(str(tmp_path / 'radar.png')) is not None


def test_what_cannot_be_plotted(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot plot 'auc' of 1 trackers"):
        plot_curves({'a': make_entry(1)}, 'auc', tmp_path / 'plot.png')
    with pytest.raises(ValueError, match='cannot plot'):
        plot_curves({}, 'success', tmp_path / 'plot.png')
    with pytest.raises(ValueError, match='at least three attributes'):
        plot_radar({'a': make_entry(1, 'SV IV')}, tmp_path / 'radar.png')


@pytest.mark.slow
def test_report_is_plotted_with_a_radar_where_attributes_are_shared(tmp_path: Path) -> None:
    kinds = ('success', 'precision', 'norm_precision', 'attributes')
    report = {'a': make_entry(1), 'b': make_entry(5)}

    plot_report(report, tmp_path / 'out', 'DTB70')

    written = {path.name: path.stat().st_size for path in (tmp_path / 'out').iterdir()}
    assert set(written) == {f'{kind}.{suffix}' for kind in kinds for suffix in ('png', 'pdf')}
    assert set(plot_files(report)) == set(written)
    assert min(written.values()) > 5000
    assert 'attributes.png' not in plot_files({'a': make_entry(1), 'b': make_entry(5, 'SV IV LR')})
