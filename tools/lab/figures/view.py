"""Figures seen by a distant camera: shaded cut-outs with an alpha channel."""

from typing import Callable, List, NamedTuple, Sequence

import cv2
import numpy as np

from .solids import Solid, Solids

# Sides of a cut-out's box in px: geometric mean, and upper bound.
MEAN_SIDE, LONGEST_SIDE = 50.0, 110.0
_SUPERSAMPLING = 2
_MARGIN = 3


class Figure(NamedTuple):
    """Figure with a pose for each phase.

    Attributes:
        kind: Name of its kind and of the folder of its images.
        solids: Solids at a phase in radians.
        pitches: Lowest and highest pitch of the camera in degrees: 0 from the side, 90 from above.
        steps: Whether the phase advances from view to view: a gait, a wing beat.
    """

    kind: str
    solids: Callable[[float], List[Solid]]
    pitches: Sequence[float] = (5.0, 85.0)
    steps: bool = True


Maker = Callable[[np.random.Generator], Figure]


def still(kind: str, solids: Solids, pitches: Sequence[float] = (10.0, 90.0)) -> Figure:
    """Figure without poses."""
    return Figure(kind, lambda phase: solids, pitches, steps=False)


class Light(NamedTuple):
    """Light, fixed while the figure turns.

    Attributes:
        sun: (3,) direction to the sun: x to the right of the camera, y away from it, z up.
        strength: Share of sunlight; the rest is skylight.
        warmth: Excess of red in the sunlight.
        shadow: Opacity of the cast shadow; 0 for none.
        dirt: Contrast of the stains.
        seed: Seed of the stains.
    """

    sun: np.ndarray
    strength: float
    warmth: float
    shadow: float
    dirt: float
    seed: int


class View(NamedTuple):
    """Direction of a view in radians and the phase of the pose."""

    azimuth: float
    pitch: float
    phase: float


def draw_views(figure: Figure, rng: np.random.Generator, number: int) -> List[View]:
    """Views of a flight past a figure: azimuths over a narrow or wide span, as in a video."""
    low, high = np.radians(figure.pitches)
    start = rng.uniform(0, 2 * np.pi)
    span = float(np.radians(rng.choice([12, rng.uniform(40, 120), rng.uniform(180, 360)])))
    pitch = rng.uniform(low, high)
    drift = rng.uniform(-0.2, 0.2)
    phase, step = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1.2)
    views = []
    for share in np.linspace(0, 1, number):
        wobble = rng.normal(0, 0.04, 2)
        views.append(
            View(
                start + span * share + wobble[0],
                float(np.clip(pitch + drift * (share - 0.5) + wobble[1], low, high)),
                phase + step * share * (number - 1) if figure.steps else phase,
            )
        )
    return views


def draw_light(rng: np.random.Generator) -> Light:
    """Sunny or overcast light."""
    height, side = np.radians(rng.uniform(20, 75)), rng.uniform(0, 2 * np.pi)
    sun = np.array([np.cos(height) * np.cos(side), np.cos(height) * np.sin(side), np.sin(height)])
    sunny = rng.random() < 0.6
    return Light(
        sun,
        rng.uniform(0.45, 0.75) if sunny else rng.uniform(0.05, 0.25),
        rng.uniform(0, 0.12),
        rng.uniform(0.25, 0.48) if sunny and rng.random() < 0.5 else 0.0,
        rng.uniform(0.01, 0.08),
        int(rng.integers(1 << 30)),
    )


def camera(azimuth: float, pitch: float) -> np.ndarray:
    """Rotation (3, 3) from figure to camera coordinates."""
    ca, sa = np.cos(azimuth), np.sin(azimuth)
    return _tilt(pitch) @ np.array([[ca, -sa, 0], [sa, ca, 0], [0, 0, 1]])


def _tilt(pitch: float) -> np.ndarray:
    """Rotation (3, 3) to camera coordinates from x right, y away from the camera, z up."""
    cp, sp = np.cos(pitch), np.sin(pitch)
    return np.array([[1, 0, 0], [0, -sp, -cp], [0, -cp, sp]])


def render(solids: Sequence[Solid], azimuth: float, pitch: float, light: Light) -> np.ndarray:
    """Cut-out (H, W, 4) uint8, BGR and opacity, of solids seen from a direction.

    The image fits the solids plus a margin, which may clip a cast shadow. The shadow is less than
    half opaque.
    """
    R = camera(azimuth, pitch)
    outlines = [solid.outline() for solid in solids]
    points = np.concatenate(outlines) @ R.T
    low, high = points.min(axis=0), points.max(axis=0)
    width, height = np.maximum(high[:2] - low[:2], 1e-3)
    scale = min(MEAN_SIDE / np.sqrt(width * height), LONGEST_SIDE / max(width, height))
    reach = 14 if light.shadow else _MARGIN
    step = scale * _SUPERSAMPLING
    edge = reach * _SUPERSAMPLING
    columns, rows = (
        (int(np.ceil(side * scale)) + 2 * reach) * _SUPERSAMPLING for side in (width, height)
    )
    depth = np.full((rows, columns), -np.inf, np.float32)
    surface = np.zeros((rows, columns, 7), np.float32)  # normal, colour, gloss
    for solid, outline in zip(solids, outlines):
        ends = (outline @ R.T)[:, :2]
        left, top = np.floor((ends.min(axis=0) - low[:2]) * step).astype(int) + edge - 1
        right, bottom = np.ceil((ends.max(axis=0) - low[:2]) * step).astype(int) + edge + 2
        x = (np.arange(max(left, 0), min(right, columns)) - edge + 0.5) / step + low[0]
        y = (np.arange(max(top, 0), min(bottom, rows)) - edge + 0.5) / step + low[1]
        grid = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
        window = np.s_[max(top, 0) : bottom, max(left, 0) : right]
        hits = solid.hits(R.astype(np.float32), *grid)
        nearer = hits.depth > depth[window]
        if not nearer.any():
            continue
        normal = hits.normals[nearer]
        colour: object = solid.paint
        if callable(solid.paint):
            place = np.stack((*(each[nearer] for each in grid), hits.depth[nearer]), axis=1) @ R
            colour = solid.paint(place, normal @ R)
        depth[window][nearer] = hits.depth[nearer]
        part = surface[window]
        part[nearer] = np.concatenate(
            (normal, np.broadcast_to(colour, normal.shape), np.full((len(normal), 1), solid.gloss)),
            axis=1,
        )
    seen = np.isfinite(depth)
    row, column = np.nonzero(seen)
    place = np.stack(
        ((column - edge) / step + low[0], (row - edge) / step + low[1], depth[seen]), axis=1
    )
    lit = surface[seen]
    lit[:, 3:6] *= _stains(place @ R / max(width, height), light)
    sun = _tilt(pitch) @ light.sun
    image = np.zeros((rows, columns, 4), np.float32)
    image[seen, :3] = _shade(lit[:, :3], lit[:, 3:6], lit[:, 6], R[:, 2], sun, light)
    image[..., 3] = seen
    if light.shadow:
        image[..., 3] = np.maximum(
            image[..., 3], _shadow(outlines, R, low, step, edge, sun, seen) * light.shadow
        )
    size = (columns // _SUPERSAMPLING, rows // _SUPERSAMPLING)
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    image[..., :3] /= np.maximum(image[..., 3:], 1e-3)
    return (image.clip(0, 1) * 255).round().astype(np.uint8)


def _stains(place: np.ndarray, light: Light) -> np.ndarray:
    """Factors (N, 1) around 1, fixed to the figure; positions are shares of its extent."""
    rng = np.random.default_rng(light.seed)
    waves = rng.normal(0, 1, (3, 3)) * np.array([[4.0], [11.0], [24.0]])
    pattern = np.sin(place @ waves.T + rng.uniform(0, 6, 3)).sum(axis=1, keepdims=True)
    return 1 + light.dirt * pattern


def _shade(
    normals: np.ndarray,
    albedo: np.ndarray,
    gloss: np.ndarray,
    up: np.ndarray,
    to_sun: np.ndarray,
    light: Light,
) -> np.ndarray:
    """Colours (N, 3) of lit surfaces; directions in camera coordinates."""
    sky = 0.62 + 0.38 * (normals @ up)
    sun = np.maximum(normals @ to_sun, 0)
    tint = np.array([1 - light.warmth, 1.0, 1 + light.warmth / 2])
    cold = np.array([1 + light.warmth / 2, 1.0, 1 - light.warmth / 2])
    lit = sky[..., None] * cold * (1 - light.strength * 0.55)
    lit = lit + sun[..., None] * tint * light.strength * 1.1
    halfway = to_sun + np.array([0, 0, 1])
    shine = np.maximum(normals @ (halfway / np.linalg.norm(halfway)), 0) ** 24
    mirrored = np.maximum(normals @ up, 0) ** 2 * 0.18
    extra = gloss * (shine * light.strength * 0.9 + mirrored)
    return np.clip(albedo * lit + extra[..., None], 0, 1)


def _shadow(
    outlines: Sequence[np.ndarray],
    R: np.ndarray,
    low: np.ndarray,
    step: float,
    edge: int,
    sun: np.ndarray,
    seen: np.ndarray,
) -> np.ndarray:
    """Opacity (H, W) of the shadow on the ground, fading at its edge and towards the margin."""
    to_sun = R.T @ sun
    to_sun[2] = max(to_sun[2], 0.35)
    ground = min(float(outline[:, 2].min()) for outline in outlines)
    mask = np.zeros(seen.shape, np.uint8)
    for outline in outlines:
        fallen = outline - (outline[:, 2:] - ground) * to_sun / to_sun[2]
        pixels = ((fallen @ R.T)[:, :2] - low[:2]) * step + edge
        corners = cv2.convexHull(pixels.round().astype(np.int32))
        cv2.fillConvexPoly(mask, corners, 1)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.5)
    rows, columns = seen.shape
    y = np.minimum(np.arange(rows), np.arange(rows)[::-1])
    x = np.minimum(np.arange(columns), np.arange(columns)[::-1])
    fade = np.clip(np.minimum(y[:, None], x[None]) / (0.7 * edge), 0, 1)
    return soft * fade
