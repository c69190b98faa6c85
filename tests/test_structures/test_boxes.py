import random

import pytest

from mmeatrack.structures import clip_box
from mmeatrack.structures.boxes import cxcywh_to_xywh, cxcywh_to_xyxy, xywh_to_cxcywh

IMAGE = (100, 80)


def test_conversions_of_a_box() -> None:
    assert xywh_to_cxcywh((10, 20, 30, 5)) == (25, 22.5, 30, 5)
    assert cxcywh_to_xywh((25, 22.5, 30, 5)) == (10, 20, 30, 5)
    assert cxcywh_to_xyxy([25, 22.5, 30, 5]) == (10, 20, 40, 25)


@pytest.mark.parametrize(
    ('box', 'clipped'),
    [
        # Inside: as it is.
        ((50, 40, 20, 12), (50, 40, 20, 12)),
        # x from -5 to 15 loses what is outside: 0 to 15.
        ((5, 40, 20, 12), (7.5, 40, 15, 12)),
        # x from -30 to -10: the 10 px at the border remain.
        ((-20, 40, 20, 12), (5, 40, 10, 12)),
        # x from 110 to 130: 90 to 100 remain.
        ((120, 40, 20, 12), (95, 40, 10, 12)),
        # y from 75 to 95: 70 to 80 remain, for 75 is nearer to the border than the margin.
        ((50, 85, 20, 20), (50, 75, 20, 10)),
        # Larger than the image: the image.
        ((50, 40, 300, 300), (50, 40, 100, 80)),
        # Smaller than the margin: as it is, and outside moved to the border.
        ((50, 40, 4, 6), (50, 40, 4, 6)),
        ((-20, 90, 4, 6), (2, 77, 4, 6)),
    ],
)
def test_clip_box(box, clipped) -> None:
    assert clip_box(box, IMAGE, margin=10) == pytest.approx(clipped, abs=1e-12)


def test_clip_box_without_margin_keeps_a_small_box() -> None:
    assert clip_box((50, 40, 4, 6), IMAGE, margin=0) == (50, 40, 4, 6)


def test_clip_box_in_an_image_smaller_than_the_margin_gives_the_image() -> None:
    assert clip_box((50, 40, 40, 60), (8, 6), margin=10) == (4, 3, 8, 6)


@pytest.mark.parametrize('seed', range(3))
def test_clipped_box_lies_in_the_image_and_clipping_is_idempotent(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(200):
        size = draw.choices(range(1, 250), k=2)
        box = (draw.uniform(-200, 300), draw.uniform(-200, 300), *size)
        cx, cy, w, h = clipped = clip_box(box, IMAGE, margin=10)
        assert w >= min(10, size[0]) - 1e-9
        assert h >= min(10, size[1]) - 1e-9
        assert cx - w / 2 >= -1e-9
        assert cx + w / 2 <= 100 + 1e-9
        assert cy - h / 2 >= -1e-9
        assert cy + h / 2 <= 80 + 1e-9
        assert clip_box(clipped, IMAGE, margin=10) == pytest.approx(clipped)
