import cv2
import pytest

from mmeatrack.analysis import LayerSimilarity
from mmeatrack.visualization.similarity_plot import plot_similarity


def rows(value: float, measure: str = 'cosine', layers: int = 2) -> list:
    return [LayerSimilarity(i, 2 * i + 1, measure, value, value / 2) for i in range(layers)]


def test_picture_changes_with_the_values(tmp_path) -> None:
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
