"""What each kind of landscape is made of."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List

import cv2
import numpy as np

from . import furnishings, structures, terrain
from .furnishings import Fleet
from .ground import Ground, rectangle
from .noise import fractal_noise
from .roads import LANE, Road, paint_roads
from .route import Route
from .structures import Building
from .vegetation import Grove


@dataclass
class Site:
    """A world being built around a route.

    Attributes:
        ground: The map.
        rng: Source of all its numbers.
        route: The target's path, in world pixels.
        path: How the target moves: ``'road'``, ``'path'``, ``'water'`` or ``'air'``.
        lean: Shift (2,) in world pixels of a point one metre above the ground.
    """

    ground: Ground
    rng: np.random.Generator
    route: Route
    path: str
    lean: np.ndarray

    def main_road(self, kind: str, lanes: int = 2) -> Road:
        """The road on whose right lane the route runs."""
        road = Road(self.route.line, lanes * LANE, kind)
        return Road(road.offset(-LANE / 2 * self.ground.scale), lanes * LANE, kind)

    def side_roads(self, kind: str, spacing: float, count: int) -> List[Road]:
        """Straight roads across the route, a spacing in metres apart."""
        scale = self.ground.scale
        middle = float(self.route.arc.mean())
        shift = self.rng.uniform(-0.5, 0.5)
        roads = []
        for number in range(count):
            arc = middle + (number - (count - 1) / 2 + shift) * spacing * scale
            centre = self.route.at(np.array([arc]))[0]
            heading = float(self.route.headings(np.array([arc]))[0])
            angle = heading + np.pi / 2 + self.rng.normal(0, 0.06)
            unit = np.array([np.cos(angle), np.sin(angle)])
            reach = float(np.hypot(*self.ground.size))
            line = centre + unit * np.arange(-reach, reach, Route.SPACING)[:, None]
            roads.append(Road(line, 2 * LANE, kind))
        return roads

    def near_route(self) -> np.ndarray:
        """Distance to the route in metres at an eighth of the map's size, float32."""
        width, height = self.ground.size
        shape = (-(-height // 8), -(-width // 8))
        away = np.ones(shape, np.uint8)
        start, end = self.route.arc[0], self.route.arc[-1]
        beyond = 40 * self.ground.scale
        line = self.route.at(np.arange(start - beyond, end + beyond, 4.0)) / 8
        cv2.polylines(away, [np.round(line).astype(np.int32)], False, 0, 1)
        return cv2.distanceTransform(away, cv2.DIST_L2, 5) * np.float32(8 / self.ground.scale)

    def shoreline(self, distance: float) -> np.ndarray:
        """Signed distance in metres (an eighth of the map) from a straight shore.

        The shore runs beside the route at the given distance; positive away from the route.
        """
        width, height = self.ground.size
        points = self.route.points
        chord = points[-1] - points[0]
        angle = np.arctan2(chord[1], chord[0]) + np.pi / 2 * (1 if self.rng.random() < 0.5 else -1)
        normal = np.array([np.cos(angle), np.sin(angle)])
        middle = points.mean(0)
        x = np.arange(0, width, 8)[None]
        y = np.arange(0, height, 8)[:, None]
        along = (x - middle[0]) * normal[0] + (y - middle[1]) * normal[1]
        wave = 6 * fractal_noise(self.rng, along.shape, max(30 * self.ground.scale / 8, 4), 3)
        return (along / self.ground.scale - distance + wave).astype(np.float32)


def _line_houses(site: Site, roads: List[Road], large: bool, chance: float) -> List[Building]:
    """Buildings along both sides of roads, facing them."""
    rng, ground = site.rng, site.ground
    found: List[Building] = []
    for road in roads:
        pitch = 22.0 if large else 14.0
        step = max(int(pitch * ground.scale / Route.SPACING), 1)
        normals = road.normals()
        for index in range(step // 2, len(road.line), step):
            for side in (-1, 1):
                if rng.random() > chance:
                    continue
                length = rng.uniform(14, 30) if large else rng.uniform(8, 14)
                width = rng.uniform(11, 18) if large else rng.uniform(6.5, 9.5)
                setback = road.width / 2 + width / 2 + rng.uniform(4.5, 8)
                centre = road.line[index] + side * normals[index] * setback * ground.scale
                angle = float(np.arctan2(normals[index][1], normals[index][0]) + np.pi / 2)
                height = rng.uniform(5, 16) if large else rng.uniform(3, 6)
                pitched = bool(rng.random() < (0.25 if large else 0.85))
                house = Building(centre, length, width, angle, height, pitched)
                if structures.place(ground, house):
                    found.append(house)
    return found


def _line_trees(site: Site, roads: List[Road], grove: Grove, spacing: float, away: float) -> None:
    """Rows of trees along roads, ``away`` metres from the carriageway's edge."""
    for road in roads:
        step = max(int(spacing * site.ground.scale / Route.SPACING), 1)
        for side in (-1, 1):
            line = road.offset(side * (road.width / 2 + away) * site.ground.scale)
            for point in line[:: step]:
                if site.rng.random() < 0.7:
                    grove.plant(site.rng, point + site.rng.normal(0, 0.4 * site.ground.scale, 2))


def _scatter(site: Site, grove: Grove, density: float, limit: float = 99.0) -> None:
    """Trees anywhere, ``density`` of them per hectare, in loose groups."""
    scale, rng = site.ground.scale, site.rng
    hectares = np.prod(site.ground.size) / (100 * scale) ** 2
    for spot in site.ground.free_spots(rng, int(density * hectares / 3) + 1):
        for _ in range(int(rng.integers(1, 6))):
            grove.plant(rng, spot + rng.normal(0, 4 * scale, 2), limit)


def _park_along(site: Site, roads: List[Road], fleet: Fleet, chance: float) -> None:
    """Vehicles parked at the kerb."""
    scale = site.ground.scale
    width, height = site.ground.size
    for road in roads:
        step = max(int(6.5 * scale / Route.SPACING), 1)
        for side in (-1, 1):
            line = road.offset(side * (road.width / 2 + 1.15) * scale)
            for index in range(step, len(line) - step, step):
                point = line[index]
                inside = 0 < point[0] < width and 0 < point[1] < height
                if inside and site.rng.random() < chance:
                    tangent = (line[index + 1] - line[index - 1]) * side
                    fleet.park(site.rng, point, float(np.arctan2(tangent[1], tangent[0])))


def _finish(site: Site, houses: List[Building], fleet: List[Fleet], groves: List[Grove]) -> None:
    """Lay the shadows, then draw what casts them, the lower first."""
    site.ground.apply_shadows()
    for each in fleet:
        each.paint()
    for house in houses:
        structures.paint(site.ground, site.rng, house, site.lean)
    for grove in groves:
        grove.grow()


def urban(site: Site) -> None:
    """Streets on a grid, large buildings, parking lots."""
    ground, rng = site.ground, site.rng
    terrain.paint_parcels(ground, rng, terrain.PAVING + terrain.GRASS[:2], 34, (1, 2), 0.0)
    roads = [site.main_road('street')] + site.side_roads('street', rng.uniform(55, 80), 4)
    paint_roads(ground, rng, roads)
    fleet = Fleet(rng, ground, ('car', 'car', 'car', 'van'), 12)
    lots = 0
    for spot in ground.free_spots(rng, 40):
        heading = float(site.route.headings(site.route.arc[:1])[0])
        lots += furnishings.parking_lot(ground, rng, spot, heading, fleet)
        if lots == 4:
            break
    houses = _line_houses(site, roads, True, 0.8)
    grove = Grove(rng, ground, (1.6, 4.2))
    _line_trees(site, roads, grove, 11, 3.4)
    _scatter(site, grove, 30)
    _park_along(site, roads[1:], fleet, 0.0)
    _finish(site, houses, [fleet], [grove])


def suburb(site: Site) -> None:
    """Streets with houses, gardens, pools and trees."""
    ground, rng = site.ground, site.rng
    palette = terrain.GRASS + terrain.GRASS + terrain.DRY[:1]
    terrain.paint_parcels(ground, rng, palette, 22, (1.2, 2.5), 0.3)
    if site.path == 'road':
        roads = [site.main_road('street')] + site.side_roads('street', rng.uniform(60, 85), 3)
    elif site.path == 'path':
        path = Road(site.route.line, 3.2, 'footpath')
        roads = [path] + site.side_roads('street', rng.uniform(60, 85), 2)
    else:
        roads = site.side_roads('street', rng.uniform(60, 85), 3)
    paint_roads(ground, rng, roads)
    fleet = Fleet(rng, ground, ('car', 'car', 'van'), 9)
    houses = _line_houses(site, roads, False, 0.85)
    for spot in ground.free_spots(rng, 50):
        if rng.random() < 0.25:
            furnishings.pool(ground, rng, spot, rng.uniform(0, np.pi))
    for house in houses:
        if rng.random() < 0.6:
            _drive(site, house, fleet)
    grove = Grove(rng, ground, (1.0, 3.8))
    _line_trees(site, roads, grove, 13, 3.6)
    _scatter(site, grove, 60)
    _finish(site, houses, [fleet], [grove])


def _drive(site: Site, house: Building, fleet: Fleet) -> None:
    """A paved drive with a car beside a house."""
    ground, scale = site.ground, site.ground.scale
    along = np.array([np.cos(house.angle), np.sin(house.angle)])
    spot = house.centre + along * (house.length / 2 + 3.0) * scale
    area = rectangle(3.4 * scale, 7 * scale, house.angle, spot)
    if ground.is_free(rectangle(2.4 * scale, 5 * scale, house.angle, spot)):
        ground.reserve(area)
        structures.fill_polygon(ground.bgr, area, (146, 152, 156))
        fleet.park(site.rng, spot, house.angle + np.pi / 2)


def rural(site: Site) -> None:
    """Fields with furrows, hedges, a country road and a farm."""
    ground, rng = site.ground, site.rng
    palette = terrain.CROPS + terrain.SOIL + terrain.GRASS[:2] + terrain.DRY[:1]
    parcels = terrain.paint_parcels(ground, rng, palette, 62, (0.7, 3.0), 0.85)
    roads: List[Road] = []
    if site.path == 'road':
        roads.append(site.main_road('highway' if rng.random() < 0.6 else 'track'))
    roads += site.side_roads('track', 90, 1)
    paint_roads(ground, rng, roads)
    houses = []
    for spot in ground.free_spots(rng, 5):
        angle = rng.uniform(0, np.pi)
        for _ in range(3):
            centre = spot + rng.normal(0, 14 * ground.scale, 2)
            barn = Building(centre, rng.uniform(12, 26), rng.uniform(8, 12), angle,
                            rng.uniform(4, 7), bool(rng.random() < 0.8))
            if structures.place(ground, barn):
                houses.append(barn)
    grove = Grove(rng, ground, (1.0, 4.5), 10)
    for parcel in parcels:
        if rng.random() < 0.45:
            count = int(np.linalg.norm(parcel[1] - parcel[0]) / (4.5 * ground.scale)) + 1
            for share in np.linspace(0, 1, count):
                spot = parcel[0] + (parcel[1] - parcel[0]) * share
                grove.plant(rng, spot + rng.normal(0, 0.8 * ground.scale, 2), 3.2)
    _line_trees(site, roads, grove, 17, 4.0)
    _scatter(site, grove, 8)
    _finish(site, houses, [], [grove])


def coast(site: Site) -> None:
    """A road along the sea, dry grass and a few houses."""
    ground, rng = site.ground, site.rng
    terrain.paint_parcels(ground, rng, terrain.DRY + terrain.GRASS[:1], 45, (1, 2), 0.0)
    land = np.maximum(-site.shoreline(rng.uniform(14, 24)), 9 - site.near_route())
    terrain.paint_water(ground, rng, land, rng.uniform(4, 8))
    road = site.main_road('highway')
    paint_roads(ground, rng, [road])
    houses = _line_houses(site, [road], False, 0.35)
    grove = Grove(rng, ground, (0.8, 3.0))
    _line_trees(site, [road], grove, 15, 3.5)
    _scatter(site, grove, 40)
    _finish(site, houses, [], [grove])


def park(site: Site) -> None:
    """Lawns with paths, trees, benches and flower beds."""
    ground, rng = site.ground, site.rng
    terrain.paint_parcels(ground, rng, terrain.GRASS, 40, (1.5, 3.5), 0.5, 0.35)
    paths = [road for road in site.side_roads('footpath', rng.uniform(18, 30), 3)]
    for road in paths:
        road.width = rng.uniform(2.0, 3.0)
    if site.path == 'path':
        paths.insert(0, Road(site.route.line, rng.uniform(2.6, 4.0), 'footpath'))
    paint_roads(ground, rng, paths)
    for road in paths:
        step = max(int(14 * ground.scale / Route.SPACING), 1)
        for index in range(step, len(road.line) - 1, step):
            normal = road.normals()[index]
            spot = road.line[index] + normal * (road.width / 2 + 0.9) * ground.scale
            furnishings.bench(ground, rng, spot, float(np.arctan2(normal[1], normal[0]) + np.pi / 2))
    for spot in ground.free_spots(rng, 14):
        furnishings.planter(ground, rng, spot, rng.uniform(0, np.pi))
    grove = Grove(rng, ground, (0.6, 3.8), 10)
    _scatter(site, grove, 150)
    _finish(site, [], [], [grove])


def plaza(site: Site) -> None:
    """Paved squares with planters, trees and a few large buildings."""
    ground, rng = site.ground, site.rng
    colour = terrain.PAVING[int(rng.integers(len(terrain.PAVING)))]
    terrain.paint_plain(ground, rng, colour, 0.5)
    furnishings.paving_grid(ground, rng, rng.uniform(0.9, 1.8))
    ground.reserve_line(site.route.line, 4 * ground.scale)
    heading = float(site.route.headings(site.route.arc[:1])[0])
    houses = []
    for spot in ground.free_spots(rng, 8):
        block = Building(spot, rng.uniform(9, 18), rng.uniform(6, 10), heading,
                         rng.uniform(3, 7), False)
        if structures.place(ground, block, 3.0):
            houses.append(block)
    for spot in ground.free_spots(rng, 60):
        furnishings.planter(ground, rng, spot, heading + np.pi / 2 * int(rng.integers(2)))
    grove = Grove(rng, ground, (0.9, 2.6))
    _scatter(site, grove, 60)
    _finish(site, houses, [], [grove])


def beach(site: Site) -> None:
    """Sand between the sea and a strip of grass, with parasols."""
    ground, rng = site.ground, site.rng
    terrain.paint_plain(ground, rng, terrain.SAND[int(rng.integers(len(terrain.SAND)))], 0.55)
    shore = site.shoreline(rng.uniform(7, 11))
    terrain.paint_water(ground, rng, np.maximum(-shore, 4.5 - site.near_route()), 3.0)
    ground.reserve_line(site.route.line, 3.5 * ground.scale)
    for spot in ground.free_spots(rng, 60):
        area = rectangle(4 * ground.scale, 4 * ground.scale, 0, spot)
        if ground.is_free(area):
            ground.reserve(area)
            furnishings.parasol(ground, rng, spot)
    grove = Grove(rng, ground, (0.5, 1.8))
    _scatter(site, grove, 40)
    _finish(site, [], [], [grove])


def _open_water(site: Site, sandy: float, distance: float) -> None:
    ground, rng = site.ground, site.rng
    palette = terrain.GRASS if sandy == 0 else terrain.DRY + terrain.SAND[:1]
    terrain.paint_parcels(ground, rng, palette, 45, (1.2, 3), 0.3)
    shore = site.shoreline(distance)
    terrain.paint_water(ground, rng, np.minimum(shore, site.near_route() - 9), sandy)
    fleet = Fleet(rng, ground, ('boat',), 5)
    rows, columns = np.nonzero(np.abs(shore) < 0.6)
    for pick in rng.permutation(len(rows))[:3]:
        root = np.array([columns[pick], rows[pick]]) * 8.0
        slope = np.array([shore[rows[pick], max(columns[pick] - 3, 0)],
                          shore[max(rows[pick] - 3, 0), columns[pick]]])
        here = shore[rows[pick], columns[pick]]
        angle = float(np.arctan2(slope[1] - here, slope[0] - here))
        tip = root + np.array([np.cos(angle), np.sin(angle)]) * 30 * ground.scale
        if np.linalg.norm(site.route.points - tip, axis=1).min() > 14 * ground.scale:
            furnishings.jetty(ground, rng, root, angle, fleet)
    grove = Grove(rng, ground, (1.0, 4.0))
    _scatter(site, grove, 90)
    _finish(site, [], [fleet], [grove])


def lake(site: Site) -> None:
    """Water with a grassy, wooded bank and jetties."""
    _open_water(site, 0.0, site.rng.uniform(16, 26))


def shore(site: Site) -> None:
    """The sea before a sandy shore."""
    _open_water(site, site.rng.uniform(5, 9), site.rng.uniform(18, 28))


BIOMES: Dict[str, Callable[[Site], None]] = {
    'urban': urban,
    'suburb': suburb,
    'rural': rural,
    'coast': coast,
    'park': park,
    'plaza': plaza,
    'beach': beach,
    'lake': lake,
    'shore': shore,
}
