import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from mmeatrack.analysis import LayerSimilarity
from mmeatrack.evaluation.calibration import reliability
from mmeatrack.visualization import plot_reliability, plot_similarity, save_figure

pytestmark = pytest.mark.slow


@pytest.mark.parametrize('name', ['a.png', 'b.PNG', 'c.pdf', 'd.svg'])
def test_figure_leaves_no_temporary_file(tmp_path, name: str) -> None:
    path = tmp_path / 'new' / name
    for _ in range(2):
        save_figure(Figure(figsize=(2, 1)), path, dpi=50)
    assert [each.name for each in path.parent.iterdir()] == [name]
    if name.lower().endswith('png'):
        assert cv2.imread(str(path)).shape == (50, 100, 3)


@pytest.mark.parametrize('name', ['a.mp5', 'a'])
def test_unknown_format_is_refused(tmp_path, name: str) -> None:
    with pytest.raises(ValueError, match=rf'{name}: the name of a figure ends in .*\.png'):
        save_figure(Figure(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_failed_write_keeps_the_earlier_figure(tmp_path, monkeypatch) -> None:
    path = tmp_path / 'a.png'
    save_figure(Figure(figsize=(2, 1)), path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('mmeatrack.files.atomic.os.fsync', fail)
    with pytest.raises(OSError, match='No space left'):
        save_figure(Figure(figsize=(4, 4)), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_picture_shows_every_kind_of_score(tmp_path) -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(500)
    bins = reliability(scores, rng.random(500) < scores)
    plot_reliability({'one': bins}, tmp_path / 'new' / 'one.png')
    plot_reliability({'one': bins, 'two': bins[:3]}, tmp_path / 'both.png')
    one, both = (cv2.imread(str(tmp_path / name)) for name in ('new/one.png', 'both.png'))
    assert one.shape == both.shape
    orange = np.abs(both.astype(int) - [14, 127, 255]).sum(axis=2) < 30  # matplotlib's C1 in BGR
    assert orange.sum() > 100
    assert (np.abs(one.astype(int) - [14, 127, 255]).sum(axis=2) < 30).sum() == 0


def test_nothing_to_plot_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"no predictions of \['peak'\]"):
        plot_reliability({'peak': []}, tmp_path / 'none.png')


def rows(value: float, measure: str = 'cosine', layers: int = 2) -> list:
    return [LayerSimilarity(i, 2 * i + 1, measure, value, value / 2) for i in range(layers)]


def test_picture_changes_with_the_similarities(tmp_path) -> None:
    pictures = []
    for index, value in enumerate((0.2, 0.9)):
        path = tmp_path / 'new' / f'{index}.png'
        plot_similarity(dict(alone=rows(0.1), distilled=rows(value)), path)
        pictures.append(cv2.imread(str(path)))
    assert pictures[0].shape == pictures[1].shape
    assert pictures[0].shape[1] > pictures[0].shape[0] > 300
    assert (pictures[0] != pictures[1]).any()


@pytest.mark.parametrize(
    'similarities',
    [
        {},
        dict(a=[]),
        dict(a=rows(0.5), b=rows(0.5, 'cka')),
        dict(a=rows(0.5), b=rows(0.5, layers=3)),
    ],
)
def test_students_that_cannot_be_compared_are_refused(tmp_path, similarities: dict) -> None:
    with pytest.raises(ValueError, match='the same layer pairs and measure'):
        plot_similarity(similarities, tmp_path / 'out.png')
