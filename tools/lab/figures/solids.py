"""Convex solids and their intersections with parallel rays.

Coordinates of a figure are in metres: x forward, y left, z up. Those of the camera are x right, y
down and z towards the camera. ``R`` (3, 3) rotates the former to the latter.
"""

from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

Point = Sequence[float]  # x, y, z
Colour = Tuple[float, float, float]  # blue, green, red, 0 to 1
# Colours (N, 3) of points (N, 3) with normals (N, 3), all in the figure's coordinates.
Paint = Union[Colour, Callable[[np.ndarray, np.ndarray], np.ndarray]]


class Hits(NamedTuple):
    """First intersections of parallel rays with a solid.

    Attributes:
        depth: (H, W) z in camera coordinates; -inf where a ray misses.
        normals: (H, W, 3) in camera coordinates.
    """

    depth: np.ndarray
    normals: np.ndarray


class Ellipsoid(NamedTuple):
    """Ellipsoid with a centre (3,) and half axes in the columns of (3, 3)."""

    centre: np.ndarray
    axes: np.ndarray
    paint: Paint
    gloss: float = 0.0

    def outline(self) -> np.ndarray:
        """Points (N, 3) whose hull approximates the solid."""
        return self.centre + _SPHERE @ self.axes.T

    def moved(self, turn: np.ndarray, shift: np.ndarray) -> 'Ellipsoid':
        """The solid rotated by (3, 3) and then shifted by (3,)."""
        return self._replace(centre=turn @ self.centre + shift, axes=turn @ self.axes)

    def hits(self, R: np.ndarray, x: np.ndarray, y: np.ndarray) -> Hits:
        """Hits of the rays through (x, y), both (H, W)."""
        to_unit = np.linalg.inv(R @ self.axes).astype(np.float32)
        centre = (R @ self.centre).astype(np.float32)
        start = (x - centre[0])[..., None] * to_unit[:, 0] + (y - centre[1])[..., None] * to_unit[
            :, 1
        ]
        way = to_unit[:, 2]
        a, b = way @ way, start @ way
        root = b**2 - a * ((start**2).sum(axis=-1) - 1)
        z = (-b + np.sqrt(np.maximum(root, 0))) / a
        normals = (start + z[..., None] * way) @ to_unit
        return Hits(np.where(root > 0, z + centre[2], -np.inf), _unit(normals))


class Limb(NamedTuple):
    """Tapered rod with round ends, from a (3,) to b (3,)."""

    a: np.ndarray
    b: np.ndarray
    radius_a: float
    radius_b: float
    paint: Paint
    gloss: float = 0.0

    def outline(self) -> np.ndarray:
        """Points (N, 3) whose hull approximates the solid."""
        return np.concatenate((self.a + _SPHERE * self.radius_a, self.b + _SPHERE * self.radius_b))

    def moved(self, turn: np.ndarray, shift: np.ndarray) -> 'Limb':
        """The solid rotated by (3, 3) and then shifted by (3,)."""
        return self._replace(a=turn @ self.a + shift, b=turn @ self.b + shift)

    def hits(self, R: np.ndarray, x: np.ndarray, y: np.ndarray) -> Hits:
        """Hits of the rays through (x, y), both (H, W), on spheres along the rod."""
        a, b = (R @ self.a).astype(np.float32), (R @ self.b).astype(np.float32)
        ab = b - a
        span = max(float(np.hypot(*ab[:2])), 1e-5)
        along = ((x - a[0]) * ab[0] + (y - a[1]) * ab[1]) / span**2
        aside = ((x - a[0]) * ab[1] - (y - a[1]) * ab[0]) / span
        # The highest of the spheres on a ray: further along where the rod rises.
        radius = self.radius_a + along.clip(0, 1) * (self.radius_b - self.radius_a)
        rise = ab[2] / np.linalg.norm(ab) * np.sqrt(np.maximum(radius**2 - aside**2, 0))
        nearest = (along + rise / span).clip(0, 1)
        depth = np.full(x.shape, -np.inf, np.float32)
        normals = np.zeros((*x.shape, 3), np.float32)
        for share in (nearest, np.zeros_like(x), np.ones_like(x)):
            radius = self.radius_a + share * (self.radius_b - self.radius_a)
            dx, dy = x - a[0] - share * ab[0], y - a[1] - share * ab[1]
            height = radius**2 - dx**2 - dy**2
            up = np.sqrt(np.maximum(height, 0))
            z = np.where(height > 0, a[2] + share * ab[2] + up, -np.inf)
            nearer = z > depth
            depth = np.where(nearer, z, depth)
            normals[nearer] = np.stack((dx, dy, up), axis=-1)[nearer]
        return Hits(depth, _unit(normals))


class Hull(NamedTuple):
    """Convex hull of points, with its faces: normals (F, 3) and offsets (F,)."""

    points: np.ndarray
    normals: np.ndarray
    offsets: np.ndarray
    paint: Paint
    gloss: float = 0.0

    def outline(self) -> np.ndarray:
        """Points (N, 3) whose hull is the solid."""
        return self.points

    def moved(self, turn: np.ndarray, shift: np.ndarray) -> 'Hull':
        """The solid rotated by (3, 3) and then shifted by (3,)."""
        normals = self.normals @ turn.T
        return self._replace(
            points=self.points @ turn.T + shift,
            normals=normals,
            offsets=self.offsets + normals @ shift,
        )

    def hits(self, R: np.ndarray, x: np.ndarray, y: np.ndarray) -> Hits:
        """Hits of the rays through (x, y), both (H, W)."""
        faces = (self.normals @ R.T).astype(np.float32)
        far, near = np.full_like(x, -np.inf), np.full_like(x, np.inf)
        which = np.zeros(x.shape, np.int8)
        for number, (normal, offset) in enumerate(zip(faces, self.offsets)):
            rest = offset - normal[0] * x - normal[1] * y
            if normal[2] > 1e-6:
                z = rest / normal[2]
                which[z < near] = number
                near = np.minimum(near, z)
            elif normal[2] < -1e-6:
                far = np.maximum(far, rest / normal[2])
            else:
                far = np.where(rest < 0, np.inf, far)
        return Hits(np.where(near > far, near, -np.inf), faces[which])


Solid = Union[Ellipsoid, Limb, Hull]


class Solids(List[Solid]):
    """Solids of a figure; each method adds one and returns the list."""

    def __add__(self, others: Sequence[Solid]) -> 'Solids':  # type: ignore[override]
        return Solids([*self, *others])

    def ellipsoid(
        self, centre: Point, axes: np.ndarray, paint: Paint, gloss: float = 0.0
    ) -> 'Solids':
        """Add an ellipsoid, its half axes being the columns of (3, 3)."""
        self.append(Ellipsoid(np.asarray(centre, float), axes, paint, gloss))
        return self

    def ball(self, centre: Point, half_axes: Point, paint: Paint, gloss: float = 0.0) -> 'Solids':
        """Add an ellipsoid along the coordinate axes."""
        return self.ellipsoid(centre, np.diag(half_axes).astype(float), paint, gloss)

    def limb(
        self,
        a: Point,
        b: Point,
        radius: float,
        paint: Paint,
        end: Optional[float] = None,
        gloss: float = 0.0,
    ) -> 'Solids':
        """Add a rod from a to b, of one radius or with another at its end."""
        last = radius if end is None else end
        self.append(Limb(np.asarray(a, float), np.asarray(b, float), radius, last, paint, gloss))
        return self

    def hull(self, points: Sequence[Point], paint: Paint, gloss: float = 0.0) -> 'Solids':
        """Add the convex hull of points that are not coplanar."""
        corners = np.asarray(points, float)
        equations = np.unique(ConvexHull(corners).equations.round(6), axis=0)
        self.append(Hull(corners, equations[:, :3], -equations[:, 3], paint, gloss))
        return self

    def box(
        self,
        low: Point,
        high: Point,
        paint: Paint,
        gloss: float = 0.0,
        top: Tuple[float, float] = (1.0, 1.0),
    ) -> 'Solids':
        """Add a box between two corners, its top scaled by two factors in x and y."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        xm, ym = (x0 + x1) / 2, (y0 + y1) / 2
        points = []
        for x, y in ((x0, y0), (x0, y1), (x1, y0), (x1, y1)):
            points.append((x, y, z0))
            points.append((xm + (x - xm) * top[0], ym + (y - ym) * top[1], z1))
        return self.hull(points, paint, gloss)

    def prism(
        self,
        profile: Sequence[Tuple[float, float]],
        half_width: float,
        paint: Paint,
        gloss: float = 0.0,
        narrow: Optional[Sequence[float]] = None,
    ) -> 'Solids':
        """Add a convex profile in (x, z), extruded over y; each corner has its share of the width.

        ``narrow`` has the shares of the half width; without it all are 1.
        """
        shares = [1.0] * len(profile) if narrow is None else narrow
        points = [
            (x, side * half_width * share, z)
            for (x, z), share in zip(profile, shares)
            for side in (-1, 1)
        ]
        return self.hull(points, paint, gloss)

    def disc(
        self,
        centre: Point,
        axis: Point,
        radius: float,
        thickness: float,
        paint: Paint,
        gloss: float = 0.0,
    ) -> 'Solids':
        """Add a short cylinder around an axis, with 14 corners."""
        way = np.asarray(axis, float) / np.linalg.norm(axis)
        across = np.cross(way, (0, 0, 1) if abs(way[2]) < 0.9 else (1, 0, 0))
        across /= np.linalg.norm(across)
        third = np.cross(way, across)
        angles = np.arange(14) * 2 * np.pi / 14
        ring = radius * (np.cos(angles)[:, None] * across + np.sin(angles)[:, None] * third)
        middle, half = np.asarray(centre, float), way * thickness / 2
        corners = np.concatenate((middle + ring + half, middle + ring - half))
        return self.hull(corners, paint, gloss)


def placed(
    solids: Sequence[Solid],
    shift: Point = (0, 0, 0),
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
) -> Solids:
    """Solids rotated about x by roll, about y by pitch, about z by yaw, and then shifted."""
    turn = Rotation.from_euler('ZYX', (yaw, pitch, roll)).as_matrix()
    return Solids(solid.moved(turn, np.asarray(shift, float)) for solid in solids)


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.sqrt((vectors**2).sum(axis=-1, keepdims=True))
    return vectors / np.maximum(length, 1e-9)


def _sphere() -> np.ndarray:
    number = np.arange(40) + 0.5
    polar, turn = np.arccos(1 - 2 * number / 40), np.pi * (1 + 5**0.5) * number
    points = np.stack(
        (np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)), axis=1
    )
    return points * 1.04


_SPHERE = _sphere()
