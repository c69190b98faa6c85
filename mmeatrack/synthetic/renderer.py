"""Renderer of planned sequences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterator, Tuple

import cv2
import numpy as np

from .annotation import Annotation, annotate
from .plan import Plan, SequenceSpec, plan_sequence
from .scenery.world import World, build_world
from .sprites.sprite import Pose, Region, Sprite, composite, darken
from .sprites.targets import KINDS

_NOISE_MARGIN = 64


@dataclass
class Frame:
    """A rendered frame with its ground truth.

    Attributes:
        image: uint8 (H, W, 3) BGR.
        box: (4,) x, y, w, h in frame pixels; NaN where the target is absent.
        visibility: Visible share of the target, 0 to 1.
    """

    image: np.ndarray
    box: np.ndarray
    visibility: float


def generate_sequence(spec: SequenceSpec) -> Iterator[Frame]:
    """Generate a sequence, frame by frame.

    Args:
        spec: Specification; equal ones give equal frames.
    """
    plan = plan_sequence(spec)
    annotation = annotate(plan)
    yield from render(plan, annotation)


def render(plan: Plan, annotation: Annotation) -> Iterator[Frame]:
    """Render a planned and annotated sequence."""
    painter = Renderer(plan)
    for number, (box, visibility) in enumerate(zip(annotation.boxes, annotation.visibility)):
        yield Frame(painter.frame(number), box, float(visibility))


def make_world(plan: Plan) -> World:
    """Build the world of a planned sequence."""
    return build_world(
        plan.spec.stream('world'),
        plan.scenario.biome,
        plan.world_size,
        plan.scale,
        plan.route,
        KINDS[plan.scenario.kind].path,
        plan.sun,
        [actor.points for actor in plan.actors],
        [(cover.outline, cover.sprite.altitude) for cover in plan.covers if cover.casts],
    )


def streak(image: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Centred motion blur along a vector (2,) in pixels.

    The image is repeatedly averaged with a shifted copy of itself, the shift halved each time, so
    that few passes make a long trace.
    """
    length = float(np.hypot(*vector))
    if length < 1.2:
        return image
    size = (image.shape[1], image.shape[0])
    for halving in range(1, int(np.ceil(np.log2(length))) + 1):
        shift = vector / 2 ** (halving + 1)
        pair = []
        for sign in (-1, 1):
            matrix = np.array([[1, 0, sign * shift[0]], [0, 1, sign * shift[1]]])
            pair.append(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE))
        image = cv2.addWeighted(pair[0], 0.5, pair[1], 0.5, 0)
    return image


def streak_ground(image: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Approximate :func:`streak` by shifts of whole pixels, several times faster."""
    length = float(np.hypot(*vector))
    if length < 1.5:
        return image
    height, width = image.shape[:2]
    passes = int(np.ceil(np.log2(length)))
    margin = int(np.abs(vector).max()) + passes + 1
    wide = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REFLECT_101)
    start = np.full(2, margin)
    for halving in range(1, passes + 1):
        step = np.round(vector[::-1] / 2**halving).astype(int)
        low, high = np.minimum(step, 0), np.maximum(step, 0)
        rows, columns = np.array(wide.shape[:2]) - np.abs(step)
        first = wide[-low[0] : -low[0] + rows, -low[1] : -low[1] + columns]
        second = wide[high[0] : high[0] + rows, high[1] : high[1] + columns]
        # Both parts are offset from the original; every other pass rounds the other way.
        lean = np.abs(step) // 2 + (np.abs(step) % 2) * (halving % 2)
        start = start - lean
        wide = cv2.addWeighted(first, 0.5, second, 0.5, 0)
    return wide[start[0] : start[0] + height, start[1] : start[1] + width]


def _neighbour(number: int) -> int:
    """Frame that motion is measured against."""
    return number - 1 if number else 1


class Renderer:
    """Renders the frames of one plan.

    Args:
        plan: The planned sequence.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.world = make_world(plan)
        self.size = plan.spec.frame_size
        self._points = plan.route.points
        rng = plan.spec.stream('sensor')
        self._noise = self._sensor_noise(rng)
        self._softness = float(rng.uniform(0.35, 0.6))
        margin = _NOISE_MARGIN
        self._noise_at = rng.integers(0, margin, (len(plan.poses), 2))
        self._vignette = self._falloff(float(rng.uniform(0.06, 0.2)))

    def _sensor_noise(self, rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray]:
        """Noise to add and to subtract, uint8, larger than a frame."""
        shape = (self.size[1] + _NOISE_MARGIN, self.size[0] + _NOISE_MARGIN, 3)
        strength = rng.uniform(1.2, 3.6)
        noise = rng.standard_normal(shape, dtype=np.float32)
        # Most of the noise is common to the channels.
        noise = 0.5 * noise + 0.8 * noise[..., :1]
        noise = np.round(np.float32(strength) * noise)
        return np.clip(noise, 0, 255).astype(np.uint8), np.clip(-noise, 0, 255).astype(np.uint8)

    def _falloff(self, strength: float) -> np.ndarray:
        """Vignette of the lens, uint8 (H, W, 3), 255 where no light is lost."""
        x = np.linspace(-1, 1, self.size[0], dtype=np.float32)[None]
        y = np.linspace(-1, 1, self.size[1], dtype=np.float32)[:, None]
        light = 255 * (1 - np.float32(strength) * (x * x + y * y) / 2)
        return cv2.cvtColor(np.round(light).astype(np.uint8), cv2.COLOR_GRAY2BGR)

    def frame(self, number: int) -> np.ndarray:
        """Render a frame, uint8 (H, W, 3) BGR."""
        plan, matrix = self.plan, self.plan.matrices[number]
        image = streak_ground(self.world.view(matrix, self.size), self._flow(number))
        image = np.ascontiguousarray(image)
        self._draw_actors(image, number)
        self._draw_target(image, number)
        self._draw_covers(image, number)
        return self._expose(image, number, plan)

    def _flow(self, number: int) -> np.ndarray:
        """Motion (2,) of the ground at the frame's centre while the shutter is open."""
        plan = self.plan
        here, there = plan.matrices[number], plan.matrices[_neighbour(number)]
        middle = (np.array(self.size) - 1) / 2
        point = np.linalg.solve(here[:, :2], middle - here[:, 2])
        return (middle - (there[:, :2] @ point + there[:, 2])) * plan.scenario.shutter

    def _draw_actors(self, image: np.ndarray, number: int) -> None:
        for actor in self.plan.actors:
            x, y = actor.points[number]
            pose = self.plan.actor_pose(actor, number)
            if actor.wake is not None:
                self._draw_wake(image, actor.wake, pose)
            motion = self._trace(pose, self.plan.actor_pose(actor, _neighbour(number)), number)
            self._draw(image, actor.sprite, pose, number, self.world.shade_at(x, y), motion)

    def _trace(self, pose: Pose, other: Pose, number: int) -> np.ndarray:
        """Motion (2,) of an object in the frame while the shutter is open."""
        way = np.array([pose.x - other.x, pose.y - other.y]) * self.plan.scenario.shutter
        return way if number else -way

    def _draw_target(self, image: np.ndarray, number: int) -> None:
        plan, pose = self.plan, self.plan.poses[number]
        if plan.wake is not None:
            self._draw_wake(image, plan.wake, pose)
        motion = self._trace(pose, plan.poses[_neighbour(number)], number)
        x, y = self._points[number]
        self._draw(image, plan.target, pose, number, self.world.shade_at(x, y), motion)

    def _draw_wake(self, image: np.ndarray, wake: Sprite, pose: Pose) -> None:
        region = wake.region(pose, self.size)
        if region is not None:
            composite(image, wake.warp(replace(pose, phase=0, blend=0.0), region), region)

    def _draw(
        self,
        image: np.ndarray,
        sprite: Sprite,
        pose: Pose,
        number: int,
        shade: float,
        motion: np.ndarray,
    ) -> None:
        """Draw a sprite with its shadow on the ground."""
        pad = 3 + int(np.ceil(np.abs(motion).max()))
        self._cast(image, sprite, pose, number, shade)
        region = sprite.region(pose, self.size, pad)
        if region is None:
            return
        layer = streak(sprite.warp(pose, region), motion)
        tone = 1.0 if sprite.altitude else 1 - 0.45 * shade
        composite(image, layer, region, tone)

    def _cast(
        self, image: np.ndarray, sprite: Sprite, pose: Pose, number: int, shade: float
    ) -> None:
        """Darken the ground where the sprite's shadow falls."""
        matrix = self.plan.matrices[number]
        along = matrix[:, :2] @ np.array(self.plan.sun.direction) / np.hypot(*matrix[0, :2])
        foot = along * self.plan.sun.slope * sprite.altitude * pose.scale
        reach = along * self.plan.sun.slope * sprite.height * pose.scale
        base = Pose(pose.x + foot[0], pose.y + foot[1], pose.angle, pose.scale, pose.phase)
        pad = 3 + int(np.ceil(np.abs(reach).max()))
        region = sprite.region(base, self.size, pad)
        if region is None:
            return
        alpha = sprite.warp(base, region)[..., 3]
        # Sweep the outline from the foot to the top: each pass doubles the swept part.
        passes = int(np.ceil(np.log2(max(float(np.hypot(*reach)), 1.0)))) + 1
        shadow, size = alpha, (alpha.shape[1], alpha.shape[0])
        for halving in range(passes, 0, -1):
            step = reach / 2**halving
            move = np.array([[1, 0, step[0]], [0, 1, step[1]]])
            shadow = np.maximum(shadow, cv2.warpAffine(shadow, move, size))
        shadow = cv2.blur(shadow, (3, 3))
        darken(image, shadow, region, self.plan.sun.strength * (1 - 0.8 * shade))

    def _draw_covers(self, image: np.ndarray, number: int) -> None:
        for cover in self.plan.covers:
            pose = self.plan.pose_at(number, cover.x, cover.y, cover.angle)
            region = cover.sprite.region(pose, self.size)
            if region is not None:
                composite(image, cover.sprite.warp(pose, region), region)

    def _expose(self, image: np.ndarray, number: int, plan: Plan) -> np.ndarray:
        """Apply light, lens and sensor noise."""
        cloud = plan.light.cloud_view(number, plan.matrices[number], plan.world_size, self.size)
        if cloud is not None:
            image = cv2.multiply(image, cloud, scale=1 / 255)
        image = cv2.multiply(image, self._vignette, scale=1 / 255)
        image = cv2.LUT(image, plan.light.table(number))
        image = cv2.GaussianBlur(image, (3, 3), self._softness)
        row, column = self._noise_at[number]
        window = (slice(row, row + self.size[1]), slice(column, column + self.size[0]))
        image = cv2.add(image, self._noise[0][window])
        return cv2.subtract(image, self._noise[1][window])


def target_mask(plan: Plan, number: int) -> np.ndarray:
    """Opacity of the target as if nothing occluded it, uint8 (H, W)."""
    width, height = plan.spec.frame_size
    region: Region = (0, 0, width, height)
    return plan.target.warp(plan.poses[number], region)[..., 3]
