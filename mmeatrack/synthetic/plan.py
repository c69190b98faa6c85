"""Plan of a sequence: everything that happens in it, before anything is rendered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import List, Optional, Tuple

import numpy as np

from . import camera
from .actors import Actor, fade, make_rivals, make_traffic
from .covers import plan_covers
from .crowd import make_crowd, make_room
from .light import Light, plan_light
from .route import Course, Route, plan_route
from .scenario import Scenario, draw_scenario
from .scenery.ground import Sun
from .scenery.overhead import Cover
from .scenery.world import draw_sun
from .sprites.drawing import Colour
from .sprites.sprite import Pose, Sprite
from .sprites.targets import KINDS, make_target, make_wake, random_paint
from .streams import stream


@dataclass(frozen=True)
class SequenceSpec:
    """Specification of a sequence: equal ones give equal bytes.

    Attributes:
        split: Name of the split; splits share no texture and no target.
        index: Number within the split, from 0.
        scenario: The dominant scenario, one of :data:`~.scenario.SCENARIOS`.
        num_frames: Number of frames, at least 2.
        frame_size: Width and height in pixels, each at least 96.
        seed: Seed of the data set, not negative.
        mixing: Strength of the secondary effects, 0 to 1.
        targets: Number of targets, at least 1; all look like the first.
    """

    split: str
    index: int
    scenario: str
    num_frames: int
    frame_size: Tuple[int, int]
    seed: int = 0
    mixing: float = 0.5
    targets: int = 1

    def __post_init__(self) -> None:
        if self.num_frames < 2:
            raise ValueError(f'num_frames is {self.num_frames}; a sequence needs at least 2 frames')
        if min(self.frame_size) < 96 or max(self.frame_size) > 1920:
            raise ValueError(
                f'frame_size is {self.frame_size}; width and height must be 96 to 1920 pixels'
            )
        if self.seed < 0 or self.index < 0:
            raise ValueError(f'seed ({self.seed}) and index ({self.index}) must not be negative')
        if self.targets < 1:
            raise ValueError(f'targets is {self.targets}; a sequence has at least 1 target')

    def stream(self, purpose: str) -> np.random.Generator:
        """This sequence's random generator for one purpose."""
        return stream(self.seed, self.split, self.index, purpose)


@dataclass
class Plan:
    """A planned sequence of N frames.

    Attributes:
        spec: Its specification.
        scenario: Its settings.
        sun: Direction of the sunlight.
        light: Illumination over time.
        scale: World pixels per metre; at zoom 1 a world pixel is a frame pixel.
        world_size: Width and height of the world in pixels.
        route: The target's route.
        target: The target's sprite.
        wake: Foam behind the target, or None.
        poses: The target's pose in each frame.
        matrices: Affine maps (N, 2, 3) from world to frame pixels.
        actors: The other moving objects.
        covers: Occluders of the target.
    """

    spec: SequenceSpec
    scenario: Scenario
    sun: Sun
    light: Light
    scale: float
    world_size: Tuple[int, int]
    route: Route
    target: Sprite
    wake: Optional[Sprite]
    poses: List[Pose]
    matrices: np.ndarray
    actors: List[Actor]
    covers: List[Cover]

    def pose_at(
        self, frame: int, x: float, y: float, heading: float, altitude: float = 0.0
    ) -> Pose:
        """Pose in a frame of an object at a world position."""
        matrix = self.matrices[frame]
        place = matrix[:, :2] @ np.array([x, y]) + matrix[:, 2]
        zoom = float(np.hypot(matrix[0, 0], matrix[1, 0]))
        turn = float(np.arctan2(matrix[1, 0], matrix[0, 0]))
        return Pose(float(place[0]), float(place[1]), heading + turn, self.scale * zoom)

    def actor_pose(self, actor: Actor, frame: int) -> Pose:
        """Pose of an actor in a frame."""
        x, y = actor.points[frame]
        pose = self.pose_at(frame, x, y, float(actor.headings[frame]))
        return replace(pose, phase=frame % actor.sprite.phases)


def _scenario(spec: SequenceSpec) -> Scenario:
    scenario = draw_scenario(spec.stream('scenario'), spec.scenario, spec.frame_size, spec.mixing)
    return scenario if spec.targets == 1 else make_room(scenario, spec.frame_size, spec.targets)


def sequence_name(spec: SequenceSpec) -> str:
    """Name of a sequence: target kind, scenario and number, e.g. ``'car_rotation_003'``."""
    return f'{_scenario(spec).kind}_{spec.scenario}_{spec.index:03d}'


def plan_sequence(spec: SequenceSpec) -> Plan:
    """Plan a sequence.

    The dominant effect is certain to hold for sequences of 30 frames or more.
    """
    scenario = _scenario(spec)
    plan = _plan(spec, scenario)
    if scenario.name == 'small_target':
        # Boxes of rotated targets are larger than the targets: correct by the measured size.
        boxes = np.array([plan.target.box(pose) for pose in plan.poses])
        size = np.median(np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])))
        plan = _plan(spec, replace(scenario, size=scenario.size * 14.0 / float(size)))
    return plan


def _plan(spec: SequenceSpec, scenario: Scenario) -> Plan:
    kind, num_frames = KINDS[scenario.kind], spec.num_frames
    rng = spec.stream('target')
    scale = scenario.size / float(np.sqrt(np.prod(kind.nominal)))
    resolution = 1.6 * scale
    paint = random_paint(rng, scenario.kind)
    target = make_target(rng, scenario.kind, resolution, paint, scenario.change > 0)
    scale *= scenario.size / (scale * float(np.sqrt(np.prod(target.extent()))))
    wake = make_wake(rng, target) if scenario.kind == 'boat' else None
    route = _plan_route(spec, scenario, scale)
    sun = draw_sun(spec.stream('sun'))
    poses, matrices = _film(spec, scenario, scale, route, target)
    route, matrices, world_size = _fit_world(route, matrices, spec.frame_size)
    actors = _people(spec, scenario, route, target, scale, resolution, paint)
    light = plan_light(spec.stream('light'), scenario, num_frames)
    covers = plan_covers(
        spec.stream('covers'), scenario, route, target, scale, sun, spec.frame_size
    )
    return Plan(
        spec, scenario, sun, light, scale, world_size, route, target, wake, poses, matrices,
        actors, covers,
    )  # fmt: skip


def _people(
    spec: SequenceSpec,
    scenario: Scenario,
    route: Route,
    target: Sprite,
    scale: float,
    resolution: float,
    paint: Colour,
) -> List[Actor]:
    """Other targets of a crowd, or look-alikes and traffic around a single target."""
    if spec.targets > 1:
        rng, count = spec.stream('crowd'), spec.targets - 1
        return make_crowd(rng, scenario, route, target, scale, resolution, paint, count)
    rng = spec.stream('actors')
    rivals = make_rivals(rng, scenario, route, target, scale, resolution, paint)
    return rivals + make_traffic(rng, scenario, route, target, scale, resolution)


def _plan_route(spec: SequenceSpec, scenario: Scenario, scale: float) -> Route:
    kind = KINDS[scenario.kind]
    # The widest view makes up most of the world.
    extent = 1.3 * float(np.hypot(*spec.frame_size)) * min(scenario.zoom) ** 0.5
    course = Course(
        step=scenario.step * scenario.size,
        turn=scenario.turn,
        wander=scenario.wander * (0.4 if kind.path == 'road' else 1.0),
        radius=kind.turn_radius * scale,
        corners=kind.path == 'road',
        extent=extent,
    )
    return plan_route(spec.stream('route'), spec.num_frames, course)


def _film(
    spec: SequenceSpec, scenario: Scenario, scale: float, route: Route, target: Sprite
) -> Tuple[List[Pose], np.ndarray]:
    """Poses of the target and world-to-frame matrices."""
    rng, num_frames = spec.stream('camera'), spec.num_frames
    zoom = camera.plan_zoom(rng, scenario, num_frames)
    spin = camera.plan_spin(rng, scenario, num_frames)
    linear = camera.linear_parts(zoom, spin)
    beat = _beat(spec, scenario, target)
    blend = fade(spec.stream('look'), scenario, num_frames)
    angles = route.headings(route.arc) + spin
    poses = [
        Pose(0.0, 0.0, float(angle), float(scale * z), int(phase), float(weight))
        for angle, z, phase, weight in zip(angles, zoom, beat, blend)
    ]
    boxes = np.array([target.box(pose) for pose in poses])
    sizes = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
    points = route.points
    motion = np.einsum('nij,nj->ni', linear, np.diff(points, axis=0, prepend=points[:1]))
    reach = 0.5 * float(np.hypot(*target.extent())) * scale * zoom
    where = camera.plan_positions(rng, scenario, motion, sizes, reach, spec.frame_size)
    offsets = where - np.einsum('nij,nj->ni', linear, points)
    poses = [replace(pose, x=float(x), y=float(y)) for pose, (x, y) in zip(poses, where)]
    return poses, np.concatenate([linear, offsets[..., None]], 2)


def _beat(spec: SequenceSpec, scenario: Scenario, target: Sprite) -> np.ndarray:
    """Phase (N,) of the target's gait or wing beat."""
    pace = {'person': 0.9, 'cyclist': 0.8, 'drone': 3.0, 'bird': 1.1}.get(scenario.kind, 0.0)
    return np.floor(np.arange(spec.num_frames) * pace).astype(int) % target.phases


def _fit_world(
    route: Route, matrices: np.ndarray, frame_size: Tuple[int, int]
) -> Tuple[Route, np.ndarray, Tuple[int, int]]:
    """Fit the world to what the camera sees, and shift route and matrices into it."""
    width, height = frame_size
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], float)
    inverse = np.linalg.inv(matrices[:, :, :2])
    seen = np.einsum('nij,nkj->nki', inverse, corners[None] - matrices[:, None, :, 2]).reshape(
        -1, 2
    )
    low = seen.min(0) - 16
    size = np.ceil((seen.max(0) - low + 16) / 16).astype(int) * 16
    matrices = matrices.copy()
    matrices[:, :, 2] += np.einsum('nij,j->ni', matrices[:, :, :2], low)
    return route.moved(-low), matrices, (int(size[0]), int(size[1]))
