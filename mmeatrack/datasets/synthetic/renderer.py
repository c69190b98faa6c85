"""Rendering: the frames of a planned sequence."""

from __future__ import annotations

from dataclasses import dataclass
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
        visibility: Share of the target that can be seen, 0 to 1.
    """

    image: np.ndarray
    box: np.ndarray
    visibility: float


def generate_sequence(spec: SequenceSpec) -> Iterator[Frame]:
    """Generate a sequence, frame by frame.

    Args:
        spec: What to generate; the same specification gives the same frames.
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
    """Blur along a vector (2,) in pixels, centred: the trace of a motion.

    The picture is averaged with its shifted self, each time over half the way.
    """
    length = float(np.hypot(*vector))
    if length < 1.2:
        return image
    size = (image.shape[1], image.shape[0])
    for halving in range(1, int(np.ceil(np.log2(length))) + 1):
        shift = np.round(vector / 2**halving * 8) / 8 / 2
        pair = []
        for sign in (-1, 1):
            matrix = np.array([[1, 0, sign * shift[0]], [0, 1, sign * shift[1]]])
            pair.append(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE))
        image = cv2.addWeighted(pair[0], 0.5, pair[1], 0.5, 0)
    return image


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
        # Most of it is common to the channels.
        noise = 0.5 * noise + 0.8 * noise[..., :1]
        noise = np.round(np.float32(strength) * noise)
        return np.clip(noise, 0, 255).astype(np.uint8), np.clip(-noise, 0, 255).astype(np.uint8)

    def _falloff(self, strength: float) -> np.ndarray:
        """The lens's darker corners, uint8 (H, W, 3), 255 where nothing is lost."""
        x = np.linspace(-1, 1, self.size[0], dtype=np.float32)[None]
        y = np.linspace(-1, 1, self.size[1], dtype=np.float32)[:, None]
        light = 255 * (1 - np.float32(strength) * (x * x + y * y) / 2)
        return cv2.cvtColor(np.round(light).astype(np.uint8), cv2.COLOR_GRAY2BGR)

    def frame(self, number: int) -> np.ndarray:
        """Render a frame, uint8 (H, W, 3) BGR."""
        plan, matrix = self.plan, self.plan.matrices[number]
        image = streak(self.world.view(matrix, self.size), self._flow(number))
        image = np.ascontiguousarray(image)
        self._draw_actors(image, number)
        self._draw_target(image, number)
        self._draw_covers(image, number)
        return self._expose(image, number, plan)

    def _flow(self, number: int) -> np.ndarray:
        """How far the ground at the frame's middle moves while the shutter is open, (2,)."""
        plan = self.plan
        other = number - 1 if number else 1
        if other >= len(plan.poses):
            return np.zeros(2)
        here, there = plan.matrices[number], plan.matrices[other]
        middle = (np.array(self.size) - 1) / 2
        point = np.linalg.solve(here[:, :2], middle - here[:, 2])
        return (middle - (there[:, :2] @ point + there[:, 2])) * plan.scenario.shutter

    def _draw_actors(self, image: np.ndarray, number: int) -> None:
        plan = self.plan
        for actor in plan.actors:
            x, y = actor.points[number]
            pose = plan.pose_at(number, x, y, float(actor.headings[number]))
            pose = Pose(pose.x, pose.y, pose.angle, pose.scale, number % actor.sprite.phases)
            self._draw(image, actor.sprite, pose, number, self.world.shade_at(x, y), np.zeros(2))

    def _draw_target(self, image: np.ndarray, number: int) -> None:
        plan, pose = self.plan, self.plan.poses[number]
        if plan.wake is not None:
            region = plan.wake.region(pose, self.size)
            if region is not None:
                composite(
                    image,
                    plan.wake.warp(Pose(pose.x, pose.y, pose.angle, pose.scale), region),
                    region,
                )
        other = plan.poses[number - 1 if number else 1]
        motion = np.array([pose.x - other.x, pose.y - other.y]) * plan.scenario.shutter
        x, y = self._points[number]
        self._draw(image, plan.target, pose, number, self.world.shade_at(x, y), motion)

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
        length = float(np.hypot(*reach))
        steps = max(1, min(6, int(np.ceil(length / 3))))
        shadow = alpha
        for step in range(1, steps + 1):
            move = np.array([[1, 0, reach[0] * step / steps], [0, 1, reach[1] * step / steps]])
            shadow = np.maximum(
                shadow, cv2.warpAffine(alpha, move, (alpha.shape[1], alpha.shape[0]))
            )
        shadow = cv2.blur(shadow, (3, 3))
        darken(image, shadow, region, self.plan.sun.strength * (1 - 0.8 * shade))

    def _draw_covers(self, image: np.ndarray, number: int) -> None:
        for cover in self.plan.covers:
            pose = self.plan.pose_at(number, cover.x, cover.y, cover.angle)
            region = cover.sprite.region(pose, self.size)
            if region is not None:
                composite(image, cover.sprite.warp(pose, region), region)

    def _expose(self, image: np.ndarray, number: int, plan: Plan) -> np.ndarray:
        """Light, lens and sensor."""
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
    """The target alone, as if nothing covered it: opacity uint8 (H, W)."""
    width, height = plan.spec.frame_size
    region: Region = (0, 0, width, height)
    return plan.target.warp(plan.poses[number], region)[..., 3]
