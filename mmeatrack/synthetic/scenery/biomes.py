"""Landscapes: colours, textures and objects of each kind."""

from __future__ import annotations

from typing import Callable, Dict, List

import numpy as np

from ..route import Route
from . import furnishings, structures, terrain
from .furnishings import Fleet
from .ground import rectangle
from .roads import Road, paint_roads
from .site import Site, fill_houses, line_houses, line_trees, scatter
from .structures import Building
from .vegetation import Grove


def urban(site: Site) -> None:
    """Streets on a grid, large buildings, parking lots."""
    ground, rng = site.ground, site.rng
    palette = terrain.PAVING + terrain.GRASS[:2]
    terrain.paint_parcels(ground, rng, palette, 34, (1, 2), 0.0, rough=0.55)
    roads = [site.main_road('street'), *site.side_roads('street', rng.uniform(55, 80), 4)]
    paint_roads(ground, rng, roads)
    fleet = Fleet(rng, ground, ('car', 'car', 'car', 'van'), 12)
    houses = line_houses(site, roads, True, 0.6)
    lots = 0
    for spot in ground.free_spots(rng, 60):
        lots += furnishings.parking_lot(ground, rng, spot, site.heading(), fleet)
        if lots >= 1.5 * ground.hectares():
            break
    houses += line_houses(site, roads, True, 0.9) + fill_houses(site, 200, True)
    grove = Grove(rng, ground, (1.6, 4.2))
    line_trees(site, roads, grove, 11, 3.4)
    scatter(site, grove, 50)
    site.finish(houses, [fleet], [grove])


def suburb(site: Site) -> None:
    """Streets with houses, gardens, pools and trees."""
    ground, rng = site.ground, site.rng
    palette = terrain.GRASS + terrain.GRASS + terrain.DRY[:1]
    terrain.paint_parcels(ground, rng, palette, 24, (1.5, 3.0), 0.12)
    if site.path == 'road':
        roads = [site.main_road('street'), *site.side_roads('street', rng.uniform(60, 85), 3)]
    elif site.path == 'path':
        path = Road(site.route.line, 3.2, 'footpath')
        roads = [path, *site.side_roads('street', rng.uniform(60, 85), 2)]
    else:
        roads = site.side_roads('street', rng.uniform(60, 85), 3)
    paint_roads(ground, rng, roads)
    fleet = Fleet(rng, ground, ('car', 'car', 'van'), 9)
    houses = line_houses(site, roads, False, 0.85)
    for spot in ground.free_spots(rng, int(8 * ground.hectares()) + 1):
        furnishings.pool(ground, rng, spot, site.heading() + rng.normal(0, 0.1))
    for house in houses:
        if rng.random() < 0.6:
            _drive(site, house, fleet)
    grove = Grove(rng, ground, (1.0, 3.8))
    line_trees(site, roads, grove, 13, 3.6)
    scatter(site, grove, 60)
    site.finish(houses, [fleet], [grove])


def _drive(site: Site, house: Building, fleet: Fleet) -> None:
    """Paved drive with a car next to a house."""
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
            barn = Building(
                centre,
                rng.uniform(12, 26),
                rng.uniform(8, 12),
                angle,
                rng.uniform(4, 7),
                bool(rng.random() < 0.8),
            )
            if structures.place(ground, barn):
                houses.append(barn)
    grove = Grove(rng, ground, (1.0, 4.5), 10)
    for parcel in parcels:
        if rng.random() < 0.45:
            count = int(np.linalg.norm(parcel[1] - parcel[0]) / (4.5 * ground.scale)) + 1
            for share in np.linspace(0, 1, count):
                spot = parcel[0] + (parcel[1] - parcel[0]) * share
                grove.plant(rng, spot + rng.normal(0, 0.8 * ground.scale, 2), 3.2)
    line_trees(site, roads, grove, 17, 4.0)
    scatter(site, grove, 8)
    site.finish(houses, [], [grove])


def coast(site: Site) -> None:
    """A road along the sea, dry grass and a few houses."""
    ground, rng = site.ground, site.rng
    terrain.paint_parcels(ground, rng, terrain.DRY + terrain.GRASS[:1], 45, (1, 2), 0.0)
    land = np.maximum(-site.shoreline(rng.uniform(14, 24)), 9 - site.near_ways())
    terrain.paint_water(ground, rng, land, rng.uniform(4, 8))
    road = site.main_road('highway')
    paint_roads(ground, rng, [road])
    houses = line_houses(site, [road], False, 0.35)
    grove = Grove(rng, ground, (0.8, 3.0))
    line_trees(site, [road], grove, 15, 3.5)
    scatter(site, grove, 40)
    site.finish(houses, [], [grove])


def park(site: Site) -> None:
    """Lawns with paths, trees, benches and flower beds."""
    ground, rng = site.ground, site.rng
    terrain.paint_parcels(ground, rng, terrain.GRASS, 40, (1.5, 3.5), 0.5, 0.35)
    paths = site.side_roads('footpath', rng.uniform(18, 30), 3, rng.uniform(2.0, 3.0))
    if site.path == 'path':
        paths.insert(0, Road(site.route.line, rng.uniform(2.6, 4.0), 'footpath'))
    paint_roads(ground, rng, paths)
    site.keep_clear(2.0)
    for road in paths:
        step = max(int(14 * ground.scale / Route.SPACING), 1)
        for index in range(step, len(road.line) - 1, step):
            normal = road.normals()[index]
            spot = road.line[index] + normal * (road.width / 2 + 0.9) * ground.scale
            furnishings.bench(
                ground, rng, spot, float(np.arctan2(normal[1], normal[0]) + np.pi / 2)
            )
    for spot in ground.free_spots(rng, 14):
        furnishings.planter(ground, rng, spot, rng.uniform(0, np.pi))
    grove = Grove(rng, ground, (0.6, 3.8), 10)
    scatter(site, grove, 150)
    site.finish([], [], [grove])


def plaza(site: Site) -> None:
    """Paved squares with planters, trees and a few large buildings."""
    ground, rng = site.ground, site.rng
    colour = terrain.PAVING[int(rng.integers(len(terrain.PAVING)))]
    terrain.paint_plain(ground, rng, colour, 0.5)
    furnishings.paving_grid(ground, rng, rng.uniform(0.9, 1.8))
    site.keep_clear(3.0)
    heading = site.heading()
    houses = []
    for spot in ground.free_spots(rng, 8):
        block = Building(
            spot, rng.uniform(9, 18), rng.uniform(6, 10), heading, rng.uniform(3, 7), False
        )
        if structures.place(ground, block, 3.0):
            houses.append(block)
    for spot in ground.free_spots(rng, 60):
        furnishings.planter(ground, rng, spot, heading + np.pi / 2 * int(rng.integers(2)))
    grove = Grove(rng, ground, (0.9, 2.6))
    scatter(site, grove, 60)
    site.finish(houses, [], [grove])


def beach(site: Site) -> None:
    """Sand between the sea and a strip of grass, with parasols."""
    ground, rng = site.ground, site.rng
    terrain.paint_plain(ground, rng, terrain.SAND[int(rng.integers(len(terrain.SAND)))], 0.55)
    shore = site.shoreline(rng.uniform(7, 11))
    terrain.paint_water(ground, rng, np.maximum(-shore, 4.5 - site.near_ways()), 3.0)
    site.keep_clear(2.5)
    for spot in ground.free_spots(rng, 60):
        area = rectangle(4 * ground.scale, 4 * ground.scale, 0, spot)
        if ground.is_free(area):
            ground.reserve(area)
            furnishings.parasol(ground, rng, spot)
    grove = Grove(rng, ground, (0.5, 1.8))
    scatter(site, grove, 40)
    site.finish([], [], [grove])


def _open_water(site: Site, sandy: float, distance: float) -> None:
    ground, rng = site.ground, site.rng
    palette = terrain.GRASS if sandy == 0 else terrain.DRY + terrain.SAND[:1]
    terrain.paint_parcels(ground, rng, palette, 45, (1.2, 3), 0.3)
    shore = site.shoreline(distance)
    terrain.paint_water(ground, rng, np.minimum(shore, site.near_ways() - 9), sandy)
    fleet = Fleet(rng, ground, ('boat',), 5)
    rows, columns = np.nonzero(np.abs(shore) < 0.6)
    for pick in rng.permutation(len(rows))[:3]:
        root = np.array([columns[pick], rows[pick]]) * 8.0
        slope = np.array(
            [
                shore[rows[pick], max(columns[pick] - 3, 0)],
                shore[max(rows[pick] - 3, 0), columns[pick]],
            ]
        )
        here = shore[rows[pick], columns[pick]]
        angle = float(np.arctan2(slope[1] - here, slope[0] - here))
        tip = root + np.array([np.cos(angle), np.sin(angle)]) * 30 * ground.scale
        clearance = min(np.linalg.norm(way - tip, axis=1).min() for way in site.ways)
        if clearance > 20 * ground.scale:
            furnishings.jetty(ground, rng, root, angle, fleet)
    grove = Grove(rng, ground, (1.0, 4.0))
    scatter(site, grove, 90)
    site.finish([], [fleet], [grove])


def lake(site: Site) -> None:
    """Water with a grassy, wooded bank and jetties."""
    _open_water(site, 0.0, site.rng.uniform(16, 26))


def shore(site: Site) -> None:
    """Sea off a sandy shore."""
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
