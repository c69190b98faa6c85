"""Road vehicles: cars, pickups, vans, lorries, buses, tractors."""

from typing import List, Tuple

import numpy as np

from .colours import CARS, CLOTHES, DARK, GLASS, STEEL, darker, draw_colour, stripes
from .solids import Colour, Paint, Solids
from .view import Figure, Maker, still

_LAMP, _TAIL, _PLATE = (0.85, 0.9, 0.92), (0.12, 0.1, 0.6), (0.8, 0.82, 0.82)


def bodywork(
    colour: Colour, length: float, width: float, lamps: float, sill: float = 0.34
) -> Paint:
    """Paint of a lower body: lamps and plates at the ends, dark sills, lines of doors."""

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        x, y, z = points.T
        result = np.tile(np.asarray(colour), (len(points), 1))
        doors = (np.abs(normals[:, 1]) > 0.5) & (np.abs((x + 0.1) % 1.05 - 0.5) < 0.025)
        result[doors & (np.abs(x) < 0.3 * length)] *= 0.6
        outer = (np.abs(y) > 0.3 * width) & (np.abs(z - lamps) < 0.1)
        result[outer & (x > 0.46 * length)] = _LAMP
        result[outer & (x < -0.47 * length)] = _TAIL
        ends = np.abs(x) > 0.48 * length
        result[ends & (np.abs(y) < 0.26) & (np.abs(z - lamps + 0.2) < 0.07)] = _PLATE
        grille = (x > 0.47 * length) & (np.abs(y) < 0.28 * width) & (np.abs(z - lamps) < 0.08)
        result[grille] = DARK
        result[z < sill] = DARK
        return result

    return paint


def glazing(colour: Colour, low: float, high: float, pillars: Tuple[float, ...]) -> Paint:
    """Paint of a cabin: glass between two heights, with pillars at given x."""

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        x, _, z = points.T
        glass = (normals[:, 2] < 0.75) & (z > low) & (z < high)
        for at in pillars:
            glass &= ~((np.abs(x - at) < 0.05) & (np.abs(normals[:, 1]) > 0.5))
        return np.where(glass[:, None], GLASS, colour)

    return paint


def wheels(places: Tuple[float, ...], half_track: float, radius: float, width: float) -> Solids:
    """Pairs of wheels at given x."""

    def paint(centre: Tuple[float, float]) -> Paint:
        def rims(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
            from_hub = np.hypot(points[:, 0] - centre[0], points[:, 2] - centre[1])
            return np.where((from_hub < 0.6 * radius)[:, None], STEEL, DARK)

        return rims

    parts = Solids()
    for x in places:
        for side in (-1, 1):
            centre = (x, side * (half_track - width / 2), radius)
            parts.disc(centre, (0, 1, 0), radius, width, paint((x, radius)))
    return parts


def car(rng: np.random.Generator) -> Figure:
    """Saloon, hatchback, estate or off-roader."""
    L, W = rng.uniform(3.5, 4.9), rng.uniform(1.66, 1.92)
    tall = rng.random() < 0.3
    H = rng.uniform(1.6, 1.8) if tall else rng.uniform(1.38, 1.52)
    belt, hood = 0.6 * H, 0.52 * H
    colour = draw_colour(rng, CARS)
    rear = rng.choice([0.0, 0.12, 0.2]) * L  # length of the boot
    profile = [(-L / 2, 0.3), (-L / 2, hood), (-L / 2 + 0.1, belt), (0.14 * L, belt)]
    profile += [(0.46 * L, hood - 0.03), (L / 2, hood - 0.2), (L / 2, 0.3), (0, 0.2)]
    narrow = [0.9, 0.95, 0.94, 0.96, 0.9, 0.9, 0.9, 0.95]
    paint = bodywork(colour, L, W, hood - 0.14)
    parts = Solids().prism(profile, W / 2, paint, 0.7, narrow)
    foot, top = belt - 0.02, H
    back, front = -L / 2 + 0.06 + rear, 0.2 * L
    slope = rng.uniform(0.1, 0.45)
    roof = draw_colour(rng, CARS) if rng.random() < 0.1 else colour
    cabin = [(back, foot), (back + slope, top), (front - 0.75, top), (front, foot)]
    pillars = (0.02 * L, back + slope + 0.25, front - 0.55)
    glass = glazing(roof, foot + 0.03, top - 0.07, pillars)
    parts.prism(cabin, W / 2 * 0.93, glass, 0.9, [1, 0.8, 0.8, 1])
    parts += wheels((-0.3 * L, 0.31 * L), W / 2 + 0.01, 0.19 * H + 0.04, 0.2)
    for side in (-1, 1):
        parts.box(
            (front - 0.35, side * W / 2 - 0.08, foot),
            (front - 0.22, side * W / 2 + 0.08, foot + 0.14),
            darker(colour, 0.8),
        )
    if rng.random() < 0.12:
        extra = draw_colour(rng, CLOTHES)
        parts.box((back + slope + 0.1, -0.4, top), (front - 0.9, 0.4, top + 0.28), extra)
    return still('vehicles', parts)


def pickup(rng: np.random.Generator) -> Figure:
    """Pickup with an open bed, empty or loaded."""
    L, W, colour = rng.uniform(4.8, 5.5), rng.uniform(1.8, 1.95), draw_colour(rng, CARS)
    paint = bodywork(colour, L, W, 0.8, 0.45)
    nose = ((0.02, 0.4), (0.02, 1.05), (0.25, 1.05), (0.47, 0.98), (0.5, 0.75), (0.5, 0.4))
    parts = Solids().prism([(x * L, z) for x, z in nose], W / 2, paint, 0.7)
    parts.box((-L / 2, -W / 2, 0.45), (0.05 * L, W / 2, 0.7), paint, 0.5)
    for side in (-1, 1):
        parts.box((-L / 2, side * W / 2 - 0.06, 0.6), (0.0, side * W / 2 + 0.0, 1.05), paint, 0.7)
    parts.box((-L / 2, -W / 2, 0.6), (-L / 2 + 0.07, W / 2, 1.05), paint, 0.7)
    cabin = [(-0.1 * L, 1.03), (-0.08 * L, 1.75), (0.12 * L, 1.75), (0.26 * L, 1.03)]
    glass = glazing(colour, 1.1, 1.68, (0.03 * L,))
    parts.prism(cabin, W / 2 * 0.95, glass, 0.9, [1, 0.84, 0.84, 1])
    if rng.random() < 0.6:
        load = draw_colour(rng, CLOTHES)
        parts.box((-0.45 * L, -0.6, 0.7), (-0.14 * L, 0.6, rng.uniform(0.9, 1.6)), load)
    return still('vehicles', parts + wheels((-0.31 * L, 0.32 * L), W / 2 + 0.02, 0.38, 0.26))


def van(rng: np.random.Generator) -> Figure:
    """Delivery van or minibus."""
    L, W, H = rng.uniform(4.6, 6.2), rng.uniform(1.85, 2.1), rng.uniform(1.9, 2.7)
    colour = draw_colour(rng, CARS)
    nose = rng.uniform(0.08, 0.2) * L
    profile = [(-L / 2, 0.32), (-L / 2 + 0.08, H), (L / 2 - nose - 0.7, H), (L / 2 - nose, 1.15)]
    profile += [(L / 2, 0.95), (L / 2, 0.32)]
    body, seats = bodywork(colour, L, W, 0.75), rng.random() < 0.4
    front = L / 2 - nose - 0.7

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        result = body(points, normals)  # type: ignore[operator]
        x, _, z = points.T
        high = (z > 1.2) & (z < min(H - 0.15, 1.95)) & (normals[:, 2] < 0.8)
        side = np.abs(normals[:, 1]) > 0.5
        rear = -0.4 * L if seats else front - 0.6
        result[high & side & (x > rear) & ((x + 9) % 1.1 > 0.1)] = GLASS
        result[high & (normals[:, 0] > 0.3)] = GLASS
        result[high & (normals[:, 0] < -0.5) & seats] = GLASS
        return result

    parts = Solids().prism(profile, W / 2, paint, 0.6, [0.98, 0.9, 0.88, 0.97, 0.95, 0.95])
    return still('vehicles', parts + wheels((-0.3 * L, 0.33 * L), W / 2 + 0.01, 0.35, 0.22))


def lorry(rng: np.random.Generator) -> Figure:
    """Lorry with a box, a tipper, a tank or a long trailer."""
    W, cab, load = 2.45, draw_colour(rng, CARS), draw_colour(rng, CARS)
    L = rng.choice([rng.uniform(5.5, 8), rng.uniform(11, 15)])
    height = rng.uniform(2.9, 3.7)
    nose = L / 2
    front = ((1.9, 0.6), (1.9, 2.7), (0.5, 2.85), (0.05, 1.7), (0.0, 0.5))

    def glass(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        high = (points[:, 2] > 1.7) & (points[:, 2] < 2.5) & (normals[:, 2] < 0.8)
        return np.where((high & (points[:, 0] > nose - 1.1))[:, None], GLASS, cab)

    parts = Solids().prism([(nose - x, z) for x, z in front], W / 2, glass, 0.6)
    parts.box((-nose, -0.5, 0.6), (nose - 1.8, 0.5, 0.95), DARK)
    end, kind = nose - 2.05, rng.choice(['box', 'box', 'tipper', 'tank', 'flat'])
    if kind == 'box':
        paint: Paint = load
        if rng.random() < 0.4:
            paint = stripes(load, draw_colour(rng, CARS), 2, rng.uniform(1.0, 2.5), 0.7)
        parts.box((-nose, -W / 2, 1.0), (end, W / 2, height), paint, 0.2)
    elif kind == 'tank':
        parts.limb((-nose + 0.9, 0, 1.95), (end - 0.9, 0, 1.95), 0.95, load, gloss=0.7)
    else:
        high = 2.0 if kind == 'tipper' else 1.15
        parts.box((-nose, -W / 2, 1.0), (end, W / 2, high), load, 0.2, (1.03, 1.05))
        heap = draw_colour(rng, CLOTHES)
        top = high + rng.uniform(0.1, 1)
        parts.box((-nose + 0.2, -1, high), (end - 0.2, 1, top), heap, 0, (0.6, 0.5))
    axles = (-nose + 1.0, -nose + 2.2, nose - 1.2)
    return still('vehicles', parts + wheels(axles, W / 2, 0.5, 0.32))


def bus(rng: np.random.Generator) -> Figure:
    """Bus or coach, some with a second deck."""
    L, W, H = rng.uniform(8.5, 13.5), 2.5, rng.choice([3.0, 3.2, 4.1])
    colour, band = draw_colour(rng, CARS), draw_colour(rng, CARS)
    decks = ((1.3, 2.3), (2.8, 3.7)) if H > 4 else ((1.3, H - 0.6),)

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        x, _, z = points.T
        result = np.tile(np.asarray(colour), (len(points), 1))
        result[(z > 0.5) & (z < 1.0)] = band
        for low, high in decks:
            inside = (z > low) & (z < high) & (np.abs(normals[:, 2]) < 0.6)
            result[inside & ((x + 20) % 1.5 > 0.12)] = GLASS
        roof = (normals[:, 2] > 0.8) & ((x + 20) % 3.0 < 1.2) & (np.abs(points[:, 1]) < 0.6)
        result[roof] *= 0.75
        return result

    parts = Solids().box((-L / 2, -W / 2, 0.35), (L / 2, W / 2, H), paint, 0.5, (0.985, 0.94))
    return still('vehicles', parts + wheels((-0.28 * L, 0.3 * L), W / 2 + 0.01, 0.5, 0.3))


def tractor(rng: np.random.Generator) -> Figure:
    """Tractor, some with a bucket in front."""
    colour = draw_colour(rng, CARS)
    parts = wheels((-0.8,), 1.0, 0.8, 0.45) + wheels((1.1,), 0.85, 0.5, 0.35)
    parts.box((-0.2, -0.4, 0.7), (1.7, 0.4, 1.45), colour, 0.5, (0.95, 0.8))
    parts.box((-1.4, -0.65, 0.8), (0.0, 0.65, 1.2), darker(colour, 0.7))
    cabin = [(-1.3, 1.2), (-1.2, 2.5), (-0.15, 2.5), (0.0, 1.2)]
    parts.prism(cabin, 0.62, glazing(colour, 1.35, 2.4, (-0.7,)), 0.8, [1, 0.9, 0.9, 1])
    parts.limb((0.9, 0.25, 1.4), (0.9, 0.25, 2.2), 0.05, DARK)
    if rng.random() < 0.4:
        parts.hull([(x, y, z) for x in (2.2, 2.7) for y in (-1, 1) for z in (0.3, 0.9)], DARK)
        for y in (-0.5, 0.5):
            parts.limb((0.3, y, 1.1), (2.3, y, 0.6), 0.07, colour)
    return still('vehicles', parts)


VEHICLES: List[Maker] = [car, car, car, pickup, van, lorry, bus, tractor]
