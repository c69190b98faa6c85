"""Roads, tracks and footpaths with their kerbs and markings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence

import cv2
import numpy as np

from ..noise import fractal_noise, grain
from ..sprites.drawing import Colour, bgr, fill_polygon, stroke, vary
from .ground import Ground, rectangle

LANE = 3.4
"""Width of a traffic lane in metres."""
ASPHALT: List[Colour] = [(104, 104, 106), (118, 116, 114), (92, 93, 97), (128, 125, 120)]


@dataclass
class Road:
    """Centre line and kind of a road.

    Attributes:
        line: Centre line (M, 2) in world pixels, points a few pixels apart.
        width: Carriageway in metres.
        kind: ``'street'`` (sidewalks), ``'highway'`` (verges, edge lines), ``'track'`` (earth)
            or ``'footpath'``.
    """

    line: np.ndarray
    width: float
    kind: str

    def normals(self) -> np.ndarray:
        """Unit vectors (M, 2) to the right of the driving direction (y points down)."""
        tangent = np.gradient(self.line, axis=0)
        tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
        return np.stack([-tangent[:, 1], tangent[:, 0]], 1)

    def offset(self, distance: float) -> np.ndarray:
        """The line (M, 2) moved to the right by a distance in pixels."""
        return self.line + self.normals() * distance


def _paved(road: Road) -> bool:
    return road.kind in ('street', 'highway')


def _mask(ground: Ground, road: Road, extra: float) -> np.ndarray:
    mask = np.zeros(ground.bgr.shape[:2], np.uint8)
    stroke(mask, road.line, (255,), (road.width + extra) * ground.scale)
    return mask


def _mix_colour(
    ground: Ground, mask: np.ndarray, colour: Colour, tone: np.ndarray, opacity: float = 1.0
) -> None:
    """Paint a toned colour where the mask (0 to 255) is set."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    if rows.size == 0:
        return
    window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    weight = mask[window].astype(np.float32) * np.float32(opacity / 255)
    part = ground.bgr[window].astype(np.float32)
    for channel, value in enumerate(colour[::-1]):
        layer = part[..., channel]
        layer += (np.float32(value) * (1 + tone[window]) - layer) * weight
    ground.bgr[window] = np.clip(part, 0, 255).astype(np.uint8)


def paint_roads(ground: Ground, rng: np.random.Generator, roads: Sequence[Road]) -> None:
    """Paint roads that may cross each other: beds first, then carriageways, then markings."""
    shape = ground.bgr.shape[:2]
    tone = 0.05 * grain(rng, shape) + 0.045 * fractal_noise(rng, shape, 3 * ground.scale, 4)
    earth = vary(rng, (156, 136, 106), 8)
    slab = vary(rng, (168, 163, 154), 7)
    asphalt = vary(rng, ASPHALT[int(rng.integers(len(ASPHALT)))], 4)
    for road in roads:
        ground.reserve_line(road.line, (road.width + 5.0) * ground.scale)
        if road.kind == 'street':
            _mix_colour(ground, _mask(ground, road, 4.4), slab, tone)
            _mix_colour(ground, _mask(ground, road, 0.7), (196, 192, 184), tone)
        elif road.kind == 'highway':
            verge = cv2.blur(_mask(ground, road, 2.6), (5, 5))
            _mix_colour(ground, verge, earth, tone, 0.75)
        elif road.kind == 'track':
            soft = cv2.GaussianBlur(_mask(ground, road, 0.6), (0, 0), 0.35 * ground.scale)
            _mix_colour(ground, soft, earth, 2.2 * tone, 0.85)
        else:
            _mix_colour(ground, _mask(ground, road, 0.3), (128, 122, 108), tone)
            _mix_colour(ground, _mask(ground, road, 0.0), vary(rng, (176, 164, 140), 8), tone)
    paved = [road for road in roads if _paved(road)]
    masks = [_mask(ground, road, 0.0) for road in paved]
    _wear(ground, rng, paved, tone)
    for mask in masks:
        _mix_colour(ground, mask, asphalt, tone)
    _mark_all(ground, rng, paved, masks)
    for road in roads:
        if road.kind == 'track':
            _ruts(ground, road, earth)


def _wear(
    ground: Ground, rng: np.random.Generator, roads: Sequence[Road], tone: np.ndarray
) -> None:
    """Add wheel tracks, patches, cracks and stains to the tone map, in place."""
    scale = ground.scale
    map_ = np.zeros(tone.shape, np.float32)
    for road in roads:
        lanes = max(1, round(road.width / LANE))
        for lane in range(lanes):
            middle = (lane - (lanes - 1) / 2) * LANE
            for wheel in (-0.85, 0.85):
                stroke(map_, road.offset((middle + wheel) * scale), (-0.075,), 0.65 * scale)
            stroke(map_, road.offset(middle * scale), (0.035,), 0.6 * scale)
    map_ = cv2.GaussianBlur(map_, (0, 0), max(0.22 * scale, 0.8))
    for road in roads:
        for _ in range(int(rng.integers(4, 10))):
            place = int(rng.integers(5, len(road.line) - 5))
            tangent = road.line[place + 2] - road.line[place - 2]
            angle = np.arctan2(tangent[1], tangent[0])
            side = rng.uniform(-0.4, 0.4) * road.width * scale
            centre = road.line[place] + side * np.array([-np.sin(angle), np.cos(angle)])
            patch = rectangle(
                rng.uniform(1.5, 7) * scale, rng.uniform(0.8, 2.6) * scale, angle, centre
            )
            fill_polygon(map_, patch, (rng.uniform(-0.13, 0.08),))
        for _ in range(int(rng.integers(3, 8))):
            start = road.line[int(rng.integers(len(road.line)))]
            steps = rng.normal(0, 0.9 * scale, (9, 2)) + rng.normal(0, 0.7 * scale, 2)
            stroke(map_, start + np.cumsum(steps, 0), (-0.16,), 1)
    tone += map_


def _dashes(line: np.ndarray, dash: float, gap: float) -> List[np.ndarray]:
    """Dashes of a line; lengths of dash and gap in pixels."""
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    position = np.concatenate([[0], np.cumsum(steps)]) % (dash + gap)
    inside = position < dash
    pieces = np.split(np.arange(len(line)), np.nonzero(np.diff(inside.astype(int)))[0] + 1)
    return [line[piece] for piece in pieces if inside[piece[0]] and len(piece) > 1]


def _mark(ground: Ground, rng: np.random.Generator, road: Road) -> np.ndarray:
    """Lane markings of one road, uint8 (H, W)."""
    scale = ground.scale
    marks = np.zeros(ground.bgr.shape[:2], np.uint8)
    # A line thinner than a pixel is drawn one pixel wide, but fainter.
    width = 0.14 * scale
    ink = (int(255 * min(1.0, 0.35 + 0.65 * width)),)
    lanes = max(1, round(road.width / LANE))
    for border in range(1, lanes):
        line = road.offset((border - lanes / 2) * LANE * scale)
        for piece in _dashes(line, 3.0 * scale, 4.5 * scale):
            stroke(marks, piece, ink, width)
    if road.kind == 'highway':
        for side in (-1, 1):
            stroke(marks, road.offset(side * (road.width / 2 - 0.35) * scale), ink, width)
    return marks


def _mark_all(
    ground: Ground, rng: np.random.Generator, roads: Sequence[Road], masks: Sequence[np.ndarray]
) -> None:
    worn = 0.85 + 0.35 * fractal_noise(rng, ground.bgr.shape[:2], 2 * ground.scale, 3)
    for number, road in enumerate(roads):
        marks = _mark(ground, rng, road)
        junctions = np.zeros_like(marks)
        for other, mask in enumerate(masks):
            if other != number:
                junctions |= mask
        reach = int(2 * round(2.2 * ground.scale) + 1)
        wide = cv2.dilate(junctions, np.ones((reach, reach), np.uint8))
        marks[(wide & masks[number]) > 0] = 0
        if road.kind == 'street':
            _zebras(ground, road, junctions, marks)
        marks = np.clip(marks * worn, 0, 255).astype(np.uint8)
        _mix_colour(ground, marks, (226, 224, 214), np.zeros_like(worn), 0.88)


def _zebras(ground: Ground, road: Road, junctions: np.ndarray, marks: np.ndarray) -> None:
    """Crossings where the road enters and leaves a junction."""
    scale = ground.scale
    height, width = marks.shape
    points = np.round(road.line).astype(int)
    within = (points >= 0).all(1) & (points < (width, height)).all(1)
    clipped = np.clip(points, 0, (width - 1, height - 1))
    inside = within & (junctions[clipped[:, 1], clipped[:, 0]] > 0)
    spacing = float(np.linalg.norm(np.diff(road.line[:50], axis=0), axis=1).mean())
    back = int(np.ceil(3.2 * scale / max(spacing, 0.1)))
    for edge in np.nonzero(np.diff(inside.astype(int)))[0]:
        entering = not inside[edge]
        place = edge - back if entering else edge + back
        if not 2 <= place < len(road.line) - 2 or inside[place]:
            continue
        tangent = road.line[place + 2] - road.line[place - 2]
        angle = float(np.arctan2(tangent[1], tangent[0]))
        normal = np.array([-np.sin(angle), np.cos(angle)])
        for side in np.arange(-road.width / 2 + 0.5, road.width / 2 - 0.3, 1.0):
            centre = road.line[place] + normal * side * scale
            fill_polygon(marks, rectangle(2.6 * scale, 0.5 * scale, angle, centre), (235,))


def _ruts(ground: Ground, road: Road, earth: Colour) -> None:
    """Two wheel ruts on an earth track."""
    overlay = ground.bgr.copy()
    for side in (-0.8, 0.8):
        line = road.offset(side * ground.scale)
        stroke(
            overlay,
            line,
            bgr((earth[0] * 0.82, earth[1] * 0.8, earth[2] * 0.78)),
            0.5 * ground.scale,
        )
    overlay = cv2.GaussianBlur(overlay, (0, 0), max(0.12 * ground.scale, 0.6))
    soft = np.zeros(ground.bgr.shape[:2], np.uint8)
    for side in (-0.8, 0.8):
        stroke(soft, road.offset(side * ground.scale), (150,), 0.5 * ground.scale)
    weight = cv2.cvtColor(
        cv2.GaussianBlur(soft, (0, 0), max(0.15 * ground.scale, 0.6)), cv2.COLOR_GRAY2BGR
    )
    ground.bgr = cv2.add(
        cv2.multiply(ground.bgr, 255 - weight, scale=1 / 255),
        cv2.multiply(overlay, weight, scale=1 / 255),
    )
