"""Site of a world: the route through it, and what lines its roads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence

import cv2
import numpy as np

from ..noise import fractal_noise
from ..route import Route
from . import structures
from .furnishings import Fleet
from .ground import Ground
from .roads import LANE, Road
from .structures import Building
from .vegetation import Grove


@dataclass
class Site:
    """World under construction around a route.

    Attributes:
        ground: The map.
        rng: Random generator.
        route: The target's path, in world pixels.
        path: How the target moves: ``'road'``, ``'path'``, ``'water'`` or ``'air'``.
        ways: Paths (M, 2) of all moving objects, the target's first.
        lean: Displacement (2,) in world pixels of a point one metre above the ground.
    """

    ground: Ground
    rng: np.random.Generator
    route: Route
    path: str
    ways: Sequence[np.ndarray]
    lean: np.ndarray

    def main_road(self, kind: str, lanes: int = 2) -> Road:
        """Road whose right lane the route follows."""
        road = Road(self.route.line, lanes * LANE, kind)
        return Road(road.offset(-LANE / 2 * self.ground.scale), lanes * LANE, kind)

    def heading(self) -> float:
        """Direction at the middle of the route in radians."""
        arc = self.route.arc
        return float(self.route.headings(arc[len(arc) // 2 : len(arc) // 2 + 1])[0])

    def side_roads(
        self, kind: str, spacing: float, count: int, width: float = 2 * LANE
    ) -> List[Road]:
        """Straight parallel roads across the route, about ``spacing`` metres apart.

        Roads that would run along part of the route instead of crossing it are left out.
        """
        scale = self.ground.scale
        angle = self.heading() + np.pi / 2 + self.rng.normal(0, 0.08)
        unit = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([unit[1], -unit[0]])
        shift = self.rng.uniform(-0.5, 0.5)
        reach = float(np.hypot(*self.ground.size))
        roads = []
        for number in range(count):
            place = number - (count - 1) / 2 + shift + self.rng.uniform(-0.12, 0.12)
            centre = self.route.points.mean(0) + across * place * spacing * scale
            line = centre + unit * np.arange(-reach, reach, Route.SPACING)[:, None]
            if self._crosses(centre, unit, 2.2 * width * scale):
                roads.append(Road(line, width, kind))
        return roads

    def _crosses(self, centre: np.ndarray, unit: np.ndarray, margin: float) -> bool:
        """True if a straight line meets the route steeply wherever it comes near it."""
        line = self.route.line
        inside = (line > 0).all(1) & (line < self.ground.size).all(1)
        tangent = np.gradient(line, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        steep = np.abs(tangent[:, 0] * unit[1] - tangent[:, 1] * unit[0])
        offset = line - centre
        near = np.abs(offset[:, 0] * unit[1] - offset[:, 1] * unit[0]) < margin
        return bool((steep[near & inside] > 0.75).all())

    def near_ways(self) -> np.ndarray:
        """Distance in metres to the nearest path, float32, at an eighth of the map's size."""
        width, height = self.ground.size
        away = np.ones((-(-height // 8), -(-width // 8)), np.uint8)
        for way in self.ways:
            cv2.polylines(away, [np.round(way / 8).astype(np.int32)], False, 0, 1)
        return cv2.distanceTransform(away, cv2.DIST_L2, 5) * np.float32(8 / self.ground.scale)

    def keep_clear(self, width: float) -> None:
        """Keep the paths, ``width`` metres wide, free of objects."""
        for way in self.ways:
            self.ground.reserve_line(way, width * self.ground.scale)

    def shoreline(self, distance: float) -> np.ndarray:
        """Signed distance in metres (an eighth of the map) from a shore with bays.

        The shore runs alongside the route at the given distance; positive beyond it.
        """
        width, height = self.ground.size
        angle = self.heading() + np.pi / 2 * (1 if self.rng.random() < 0.5 else -1)
        normal = np.array([np.cos(angle), np.sin(angle)])
        furthest = float(((self.route.points - self.route.points.mean(0)) @ normal).max())
        middle = self.route.points.mean(0) + normal * furthest
        x = np.arange(0, width, 8)[None]
        y = np.arange(0, height, 8)[:, None]
        along = (x - middle[0]) * normal[0] + (y - middle[1]) * normal[1]
        bays = 6 * fractal_noise(self.rng, along.shape, max(30 * self.ground.scale / 8, 4), 3)
        return (along / self.ground.scale - distance + bays).astype(np.float32)

    def finish(
        self,
        houses: Sequence[Building] = (),
        fleets: Sequence[Fleet] = (),
        groves: Sequence[Grove] = (),
    ) -> None:
        """Apply the shadows, then draw the objects that cast them, lower ones first."""
        self.ground.apply_shadows()
        for fleet in fleets:
            fleet.paint()
        for house in houses:
            structures.paint(self.ground, self.rng, house, self.lean)
        for grove in groves:
            grove.grow()


def line_houses(site: Site, roads: List[Road], large: bool, chance: float) -> List[Building]:
    """Build on both sides of roads, facing them; ``large`` for town blocks."""
    rng, ground = site.rng, site.ground
    found: List[Building] = []
    for road in roads:
        step = max(int((20.0 if large else 13.0) * ground.scale / Route.SPACING), 1)
        normals = road.normals()
        for index in range(step // 2, len(road.line), step):
            for side in (-1, 1):
                if rng.random() > chance:
                    continue
                length = rng.uniform(14, 28) if large else rng.uniform(8, 13)
                width = rng.uniform(11, 18) if large else rng.uniform(6.5, 9.5)
                setback = road.width / 2 + width / 2 + rng.uniform(4.5, 7)
                centre = road.line[index] + side * normals[index] * setback * ground.scale
                angle = float(np.arctan2(normals[index][1], normals[index][0]) + np.pi / 2)
                height = rng.uniform(5, 15) if large else rng.uniform(3, 6)
                pitched = bool(rng.random() < (0.25 if large else 0.85))
                house = Building(centre, length, width, angle, height, pitched)
                if structures.place(ground, house):
                    found.append(house)
    return found


def fill_houses(site: Site, count: int, large: bool) -> List[Building]:
    """Build in the gaps between the streets, in the same directions."""
    rng, found = site.rng, []
    for spot in site.ground.free_spots(rng, count):
        length = rng.uniform(12, 26) if large else rng.uniform(8, 12)
        width = length * rng.uniform(0.5, 0.8)
        angle = site.heading() + np.pi / 2 * int(rng.integers(2))
        height = rng.uniform(4, 12) if large else rng.uniform(3, 5)
        pitched = bool(rng.random() < (0.3 if large else 0.8))
        house = Building(spot, length, width, angle, height, pitched)
        if structures.place(site.ground, house, 3.0):
            found.append(house)
    return found


def line_trees(site: Site, roads: List[Road], grove: Grove, spacing: float, away: float) -> None:
    """Plant rows of trees along roads, ``away`` metres from the carriageway's edge."""
    for road in roads:
        step = max(int(spacing * site.ground.scale / Route.SPACING), 1)
        for side in (-1, 1):
            line = road.offset(side * (road.width / 2 + away) * site.ground.scale)
            for point in line[::step]:
                if site.rng.random() < 0.7:
                    grove.plant(site.rng, point + site.rng.normal(0, 0.4 * site.ground.scale, 2))


def scatter(site: Site, grove: Grove, density: float) -> None:
    """Plant trees anywhere in loose groups, about ``density`` per hectare."""
    scale, rng = site.ground.scale, site.rng
    for spot in site.ground.free_spots(rng, int(density * site.ground.hectares() / 3) + 1):
        for _ in range(int(rng.integers(1, 6))):
            grove.plant(rng, spot + rng.normal(0, 4 * scale, 2))
