"""Kinds of targets: dimensions, surroundings and sprites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

import numpy as np

from . import movers, vehicles
from .drawing import Colour, vary
from .sprite import Sprite


@dataclass(frozen=True)
class TargetKind:
    """Common properties of all targets of a kind.

    Attributes:
        biomes: Biomes that it appears in.
        nominal: Typical length and width in metres.
        height: Height in metres, for the shadow.
        altitude: Height above the ground in metres, for flying targets.
        path: Kind of path: ``'road'``, ``'path'``, ``'water'`` or ``'air'``.
        sizes: Smallest and largest size (square root of length x width) in px of a 480x360 frame.
        turn_radius: Smallest radius of a bend in metres.
    """

    biomes: Tuple[str, ...]
    nominal: Tuple[float, float]
    height: float
    path: str
    sizes: Tuple[float, float]
    turn_radius: float
    altitude: float = 0.0


KINDS: Dict[str, TargetKind] = {
    'car': TargetKind(
        ('urban', 'suburb', 'rural', 'coast'), (4.4, 1.8), 1.5, 'road', (16, 58), 9.0
    ),
    'van': TargetKind(
        ('urban', 'suburb', 'rural', 'coast'), (5.6, 2.0), 2.3, 'road', (16, 56), 10.0
    ),
    'bus': TargetKind(('urban', 'suburb'), (11.0, 2.55), 3.1, 'road', (22, 48), 16.0),
    'truck': TargetKind(('urban', 'rural'), (9.0, 2.5), 3.2, 'road', (20, 50), 15.0),
    'boat': TargetKind(('lake', 'shore'), (7.5, 2.4), 1.3, 'water', (16, 52), 18.0),
    'person': TargetKind(('park', 'plaza', 'beach'), (0.75, 0.75), 1.7, 'path', (13, 26), 1.2),
    'cyclist': TargetKind(('park', 'plaza', 'suburb'), (1.78, 0.7), 1.7, 'path', (14, 32), 4.0),
    'drone': TargetKind(('park', 'suburb', 'rural', 'beach'), (0.95, 0.95), 0.3, 'air', (14, 44),
                        3.0, 6.0),
    'bird': TargetKind(('lake', 'beach', 'rural', 'park'), (0.7, 1.0), 0.15, 'air', (15, 42), 3.0,
                       7.0),
}  # fmt: skip


_VEHICLES = ('car', 'van', 'bus', 'truck')


def _other_paint(rng: np.random.Generator, paints: Sequence[Colour], paint: Colour) -> Colour:
    """One of the three paints that differ most from the given one."""
    distance = np.abs(np.array(paints) - np.array(paint)).sum(1)
    return paints[int(np.argsort(distance)[-1 - int(rng.integers(3))])]


def _paints(kind: str) -> Sequence[Colour]:
    return vehicles.PAINTS if kind in _VEHICLES else movers.CLOTHES


def random_paint(rng: np.random.Generator, kind: str) -> Colour:
    """A main colour for a target of a kind."""
    paints = _paints(kind)
    return vary(rng, paints[int(rng.integers(len(paints)))], 7)


def _draw(
    rng: np.random.Generator, kind: str, resolution: float, looks: Sequence[Colour]
) -> List[List[np.ndarray]]:
    """Images of one target by look (one per paint) and phase."""
    if kind in _VEHICLES:
        body = vehicles.draw_shape(rng, kind)
        return [[vehicles.draw_vehicle(rng, kind, body, paint, resolution)] for paint in looks]
    figure = movers.draw_figure(rng, kind)
    if kind == 'boat':
        return [[movers.draw_boat(rng, figure, paint, resolution)] for paint in looks]
    draw = {
        'person': movers.draw_person,
        'cyclist': movers.draw_cyclist,
        'drone': movers.draw_drone,
        'bird': movers.draw_bird,
    }[kind]
    return [draw(rng, figure, paint, resolution) for paint in looks]


def make_target(
    rng: np.random.Generator, kind: str, resolution: float, paint: Colour, changing: bool = False
) -> Sprite:
    """Sprite of a new target.

    Args:
        rng: Random generator.
        kind: A key of :data:`KINDS`.
        resolution: Pixels per metre of its images.
        paint: Its main colour.
        changing: Whether it has a second look, in another paint, to fade to.
    """
    looks = [vary(rng, paint, 3)]
    if changing:
        looks.append(vary(rng, _other_paint(rng, _paints(kind), paint), 7))
    return Sprite(
        _draw(rng, kind, resolution, looks), resolution, KINDS[kind].height, KINDS[kind].altitude
    )


def make_wake(rng: np.random.Generator, sprite: Sprite) -> Sprite:
    """Sprite of the foam behind a boat, centred on the boat."""
    length, width = sprite.extent()
    picture = movers.draw_wake(rng, movers.Figure(length, width, 0), min(sprite.resolution, 24.0))
    return Sprite([[picture]], min(sprite.resolution, 24.0), 0.0)
