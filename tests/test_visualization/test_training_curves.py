import json
import logging

import cv2
import numpy as np
import pytest
from mmengine.logging import MMLogger

from mmeatrack.visualization import plot_training_curves, read_scalars
from mmeatrack.visualization.training_curves import smooth


def write_run(path, steps, end='', **values):
    """A scalars.json; a value is a function of the step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [
        dict({name: value(step) for name, value in values.items()}, iter=step, step=step)
        for step in steps
    ]
    path.write_text(''.join(json.dumps(record) + '\n' for record in records) + end)
    return path


@pytest.fixture
def log(caplog):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def test_scalars_are_read_by_step(tmp_path):
    path = write_run(tmp_path / 'scalars.json', [20, 40], loss=lambda s: s / 10, lr=lambda s: 0.5)
    with path.open('a') as file:
        file.write(json.dumps({'mmeatrack/success_auc': 61.5, 'name': 'text', 'step': 40}) + '\n')
    scalars = read_scalars(path)
    assert list(scalars) == ['loss', 'lr', 'iter', 'mmeatrack/success_auc']
    assert scalars['loss'].iterations.tolist() == [20, 40]
    assert scalars['loss'].values.tolist() == [2.0, 4.0]
    assert scalars['mmeatrack/success_auc'].values.tolist() == [61.5]


def test_resumed_run_is_one_curve(tmp_path):
    write_run(tmp_path / '20260102_000000/vis_data/scalars.json', [30, 40], loss=lambda s: 2.0)
    write_run(tmp_path / '20260101_000000/vis_data/scalars.json', [10, 20, 30], loss=lambda s: 1.0)
    loss = read_scalars(tmp_path)['loss']
    assert loss.iterations.tolist() == [10, 20, 30, 40]
    assert loss.values.tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize('end', ['{"loss": 0.7, "st', '{"loss": 0.7, "step": 3', '12', '\udc80'])
def test_incomplete_last_line_is_skipped(tmp_path, log, end):
    path = write_run(tmp_path / 'scalars.json', [1, 2], loss=lambda s: 1.0)
    path.write_bytes(path.read_bytes() + end.encode('utf-8', 'surrogateescape'))
    with log.at_level(logging.WARNING):
        assert read_scalars(path)['loss'].iterations.tolist() == [1, 2]
    assert 'scalars.json, line 3: incomplete' in log.text


def test_malformed_line_before_the_last_is_refused(tmp_path):
    path = write_run(tmp_path / 'scalars.json', [1, 2], loss=lambda s: 1.0)
    path.write_text('epoch loss\n' + path.read_text())
    with pytest.raises(
        ValueError, match=r"scalars\.json, line 1: 'epoch loss' is not a JSON object"
    ):
        read_scalars(path)


def test_missing_and_empty_runs_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none: neither a scalars\.json nor'):
        read_scalars(tmp_path / 'none')
    (tmp_path / 'scalars.json').touch()
    with pytest.raises(ValueError, match='no scalar was logged'):
        read_scalars(tmp_path / 'scalars.json')


def test_nan_losses_are_kept(tmp_path):
    path = write_run(tmp_path / 'scalars.json', [1, 2], loss=lambda s: float('nan'))
    assert np.isnan(read_scalars(path)['loss'].values).all()


def test_smoothing_worked_by_hand():
    values = np.array([1.0, 2, 4, 8])
    assert np.array_equal(smooth(values, 1), values)
    # Weights 1 2 1; at the ends 2 1.
    expected = [(2 * 1 + 2) / 3, (1 + 4 + 4) / 4, (2 + 8 + 8) / 4, (4 + 16) / 3]
    np.testing.assert_allclose(smooth(values, 3), expected)


def test_smoothing_ignores_non_finite_values():
    values = np.array([1.0, np.nan, 3, np.inf, np.nan, np.nan])
    expected = [1, 2, 3, 3, np.nan, np.nan]
    np.testing.assert_allclose(smooth(values, 3), expected)


def test_smoothing_preserves_straight_lines_and_short_runs():
    line = np.arange(20.0)
    np.testing.assert_allclose(smooth(line, 9)[4:-4], line[4:-4])
    np.testing.assert_allclose(smooth(np.array([5.0, 5.0]), 9), [5, 5])


@pytest.mark.parametrize('window', [0, 2, -3])
def test_even_window_is_refused(window):
    with pytest.raises(ValueError, match='odd number'):
        smooth(np.ones(3), window)


@pytest.fixture
def runs(tmp_path):
    plain = write_run(
        tmp_path / 'plain.json', range(1, 30), loss=lambda s: 3 / s, loss_cls=lambda s: 1 / s
    )
    distilled = write_run(
        tmp_path / 'distilled.json',
        range(1, 30),
        **{'loss': lambda s: 4 / s, 'student.loss_cls': lambda s: 2 / s},
        **{'distill.loss_feature': lambda s: 1 / s, 'lr': lambda s: 1.0},
    )
    return {'plain': plain, 'distilled': distilled}


def plotted(runs, tmp_path, monkeypatch, **options) -> dict:
    """Number of curves by the title of their panel."""
    figures = []
    from matplotlib.figure import Figure

    monkeypatch.setattr(Figure, 'savefig', lambda figure, *args, **kwargs: figures.append(figure))
    plot_training_curves(runs, tmp_path / 'curves.png', **options)
    return {
        axis.get_title(): sum(len(line.get_xdata()) > 0 for line in axis.lines)
        for axis in figures[0].axes
        if axis.get_visible()
    }


def test_each_loss_has_a_panel_with_raw_and_smooth_lines(runs, tmp_path, monkeypatch):
    assert plotted(runs, tmp_path, monkeypatch) == {
        'total loss': 4,
        'loss_cls': 4,  # the student's is the plain one's
        'distill.loss_feature': 2,
    }


def test_losses_can_be_chosen(runs, tmp_path, monkeypatch):
    assert plotted(runs, tmp_path, monkeypatch, losses=['loss_cls']) == {'loss_cls': 4}


def test_picture_is_written(runs, tmp_path):
    out = tmp_path / 'new' / 'curves.png'
    plot_training_curves(runs, out)
    image = cv2.imread(str(out))
    assert image.shape[1] > 1000
    blue, orange = (0xB4, 0x77, 0x1F), (0x0E, 0x7F, 0xFF)  # matplotlib's first two colours, BGR
    for color in (blue, orange):
        assert (image == color).all(axis=2).sum() > 300


def test_bad_choices_are_refused(runs, tmp_path):
    out = tmp_path / 'curves.png'
    with pytest.raises(ValueError, match=r"losses \['iou'\] are in no run; there are \['loss', "):
        plot_training_curves(runs, out, losses=['loss', 'iou'])
    with pytest.raises(ValueError, match='no runs'):
        plot_training_curves({}, out)
    with pytest.raises(ValueError, match='odd number'):
        plot_training_curves(runs, out, window=4)
    assert not out.exists()
