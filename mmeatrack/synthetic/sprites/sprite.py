"""Sprites: images with transparency that are warped into a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Optional, Sequence, Tuple

import cv2
import numpy as np

Region = Tuple[int, int, int, int]
"""Left, top, right and bottom of a part of the frame in pixels, right and bottom excluded."""


@dataclass(frozen=True)
class Pose:
    """Pose of a sprite in the frame.

    Attributes:
        x: Horizontal centre in frame pixels; pixel centres are at integers.
        y: Vertical centre.
        angle: Direction of the sprite's front in radians, from +x towards +y.
        scale: Frame pixels per metre.
        phase: Index of the image in the sprite's cycle (a step, a wing beat).
        blend: Weight of the sprite's second look, 0 to 1.
    """

    x: float
    y: float
    angle: float
    scale: float
    phase: int = 0
    blend: float = 0.0


def _pyramid(picture: np.ndarray) -> List[np.ndarray]:
    """Image pyramid down to 8 px, premultiplied by alpha, uint8 (H, W, 4)."""
    alpha = picture[..., 3:4].astype(np.float32) / 255
    level = picture.astype(np.float32)
    level[..., :3] *= alpha
    levels = [np.round(level).astype(np.uint8)]
    while min(level.shape[:2]) >= 16:
        size = ((level.shape[1] + 1) // 2, (level.shape[0] + 1) // 2)
        level = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
        levels.append(np.round(level).astype(np.uint8))
    return levels


def _outline(picture: np.ndarray, resolution: float) -> np.ndarray:
    """Convex hull (K, 2) in metres about the centre, of all pixels at least half opaque."""
    rows, columns = np.nonzero(picture[..., 3] >= 128)
    if rows.size == 0:
        raise ValueError('a sprite needs at least one opaque pixel')
    points = np.stack([columns, rows], 1)
    corners = np.concatenate([points + shift for shift in ((0, 0), (0, 1), (1, 0), (1, 1))])
    hull = cv2.convexHull(corners.astype(np.int32))[:, 0].astype(np.float64)
    centre = np.array([picture.shape[1], picture.shape[0]]) / 2
    return (hull - centre) / resolution


def _bounds(points: np.ndarray, pose: Pose) -> Tuple[float, float, float, float]:
    """Left, top, right and bottom in the frame of points (K, 2) of a sprite, in metres."""
    cos, sin = np.cos(pose.angle) * pose.scale, np.sin(pose.angle) * pose.scale
    xs = points[:, 0] * cos - points[:, 1] * sin + pose.x + 0.5
    ys = points[:, 0] * sin + points[:, 1] * cos + pose.y + 0.5
    return float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())


@dataclass
class Sprite:
    """A target, distractor or overhead object seen from above, its front towards +x.

    Attributes:
        looks: Images by look and phase: uint8 (H, W, 4) BGR and alpha, not premultiplied. All
            looks of a phase have the same alpha.
        resolution: Pixels per metre of the images.
        height: Height in metres of the shadow's caster.
        altitude: Height of its underside above the ground in metres; above 0 for flying objects.
    """

    looks: Sequence[Sequence[np.ndarray]]
    resolution: float
    height: float = 1.5
    altitude: float = 0.0
    _levels: List[List[List[np.ndarray]]] = field(init=False, repr=False)
    _hulls: List[np.ndarray] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._levels = [[_pyramid(picture) for picture in look] for look in self.looks]
        self._hulls = [_outline(picture, self.resolution) for picture in self.looks[0]]

    @property
    def phases(self) -> int:
        """Number of images per movement cycle."""
        return len(self.looks[0])

    def extents(self) -> np.ndarray:
        """Length along the front and width across it in metres of each phase, (phases, 2)."""
        return np.array([np.ptp(hull, axis=0) for hull in self._hulls])

    def extent(self) -> Tuple[float, float]:
        """Largest length and width in metres of all phases."""
        length, width = self.extents().max(0)
        return float(length), float(width)

    def box(self, pose: Pose) -> Tuple[float, float, float, float]:
        """Tight axis-aligned box left, top, right, bottom in frame pixels, not clipped.

        Edges are at pixel borders: a sprite covering pixels 3 to 5 spans 3.0 to 6.0.
        """
        return _bounds(self._hulls[pose.phase % self.phases], pose)

    def region(self, pose: Pose, frame_size: Tuple[int, int], pad: int = 2) -> Optional[Region]:
        """Part of the frame (width, height) that the sprite may touch; None when outside."""
        height, width = self.looks[0][0].shape[:2]
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width, height)
        left, top, right, bottom = _bounds(corners / (2 * self.resolution), pose)
        region = (
            max(int(left) - pad, 0),
            max(int(top) - pad, 0),
            min(int(right) + pad + 1, frame_size[0]),
            min(int(bottom) + pad + 1, frame_size[1]),
        )
        return region if region[2] > region[0] and region[3] > region[1] else None

    def warp(self, pose: Pose, region: Region) -> np.ndarray:
        """The sprite as seen in a region of the frame.

        Returns:
            uint8 (H, W, 4): BGR premultiplied by alpha, and alpha.
        """
        phase = pose.phase % self.phases
        per_pixel = pose.scale / self.resolution
        levels = self._levels[0][phase]
        level = int(np.clip(np.floor(-np.log2(per_pixel)), 0, len(levels) - 1))
        picture = levels[level]
        if len(self._levels) > 1 and pose.blend > 0:
            other = self._levels[1][phase][level]
            picture = cv2.addWeighted(picture, 1 - pose.blend, other, pose.blend, 0)
        # Levels of odd sides are rounded up, so the scale of each axis is its own.
        full = levels[0].shape
        scale = per_pixel * np.array([full[1] / picture.shape[1], full[0] / picture.shape[0]])
        cos, sin = np.cos(pose.angle), np.sin(pose.angle)
        linear = np.array([[cos, -sin], [sin, cos]]) * scale
        centre = np.array([picture.shape[1] - 1, picture.shape[0] - 1]) / 2
        offset = np.array([pose.x - region[0], pose.y - region[1]]) - linear @ centre
        matrix = np.concatenate([linear, offset[:, None]], 1)
        size = (region[2] - region[0], region[3] - region[1])
        return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR)


def composite(frame: np.ndarray, layer: np.ndarray, region: Region, tone: float = 1.0) -> None:
    """Composite a warped sprite onto a region of the frame, in place.

    Args:
        frame: uint8 (H, W, 3) BGR.
        layer: uint8 (h, w, 4) from :meth:`Sprite.warp`.
        region: Region of the layer in the frame.
        tone: Factor on the sprite's brightness.
    """
    part = frame[region[1] : region[3], region[0] : region[2]]
    clear = cv2.cvtColor(255 - layer[..., 3], cv2.COLOR_GRAY2BGR)
    below = cv2.multiply(part, clear, scale=1 / 255)
    part[...] = cv2.addWeighted(below, 1.0, layer[..., :3], tone, 0)


def darken(frame: np.ndarray, shadow: np.ndarray, region: Region, strength: float) -> None:
    """Darken a region by a shadow map uint8 (h, w), 255 being full shadow, in place."""
    part = frame[region[1] : region[3], region[0] : region[2]]
    light = cv2.addWeighted(shadow, -strength, shadow, 0, 255.0)
    part[...] = cv2.multiply(part, cv2.cvtColor(light, cv2.COLOR_GRAY2BGR), scale=1 / 255)
