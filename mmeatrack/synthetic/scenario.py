"""Scenarios: the dominant effect of a sequence and the effects mixed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Tuple

import numpy as np

from .sprites.targets import KINDS

SCENARIOS: Tuple[str, ...] = (
    'static',
    'appearance_change',
    'scale_change',
    'rotation',
    'occlusion',
    'distractor',
    'absence',
    'illumination_change',
    'fast_motion',
    'small_target',
)


@dataclass(frozen=True)
class Scenario:
    """Settings of one sequence.

    Attributes:
        name: The dominant scenario, one of :data:`SCENARIOS`.
        kind: Kind of target, a key of :data:`~.targets.KINDS`.
        biome: Landscape.
        size: Square root of the target's length x width at the closest view, in frame pixels.
        step: Distance over the ground per frame as a share of ``size``.
        turn: Total change of the target's direction in radians.
        wander: Amplitude of the route's random bends in radians.
        zoom: Zoom at the start and at the end, 1 being the closest view.
        spin: Total rotation of the camera in radians.
        roam: Drift of the target from the frame's centre, as a share of half the frame.
        hover: Share of the target's motion that the camera does not follow, 0 to 1.
        shake: Standard deviation of the camera shake in pixels.
        change: Final weight of the target's second look, 0 to 1.
        light: Strength of the illumination change, 0 to 1.
        covers: Number of overhead objects along the route.
        hidden: Whether an occluder hides the whole target.
        leaves: Whether the target leaves the frame and returns.
        rivals: Number of look-alikes close to the target.
        traffic: Number of other moving objects.
        shutter: Share of the frame interval during which the shutter is open.
        pace_limit: Largest step of the target in the frame, in target sizes per frame.
    """

    name: str
    kind: str
    biome: str
    size: float
    step: float
    turn: float
    wander: float
    zoom: Tuple[float, float] = (1.0, 1.0)
    spin: float = 0.0
    roam: float = 0.45
    hover: float = 0.4
    shake: float = 0.5
    change: float = 0.0
    light: float = 0.0
    covers: int = 0
    hidden: bool = False
    leaves: bool = False
    rivals: int = 0
    traffic: int = 0
    shutter: float = 0.12
    pace_limit: float = 0.68


def _sign(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.5 else -1.0


def _draw_kind(rng: np.random.Generator, name: str) -> str:
    # Weights follow the UAV benchmarks: mostly cars, then people.
    weights = {'car': 5, 'van': 2, 'bus': 1.5, 'truck': 2, 'boat': 2, 'person': 2, 'cyclist': 2,
               'drone': 1, 'bird': 1}  # fmt: skip
    if name == 'small_target':
        weights = {'car': 3, 'person': 2, 'cyclist': 1, 'bird': 1, 'drone': 1}
    if name in ('occlusion', 'absence', 'rotation', 'static'):
        # Beating wings change the box, and little occludes a flying target.
        weights = {
            kind: weight for kind, weight in weights.items() if kind not in ('bird', 'drone')
        }
    if name == 'appearance_change':
        weights['bird'] = 0
    if name == 'static':
        # A walker's limbs change the box.
        weights = {kind: weights[kind] for kind in ('car', 'van', 'bus', 'truck', 'boat')}
    kinds = sorted(weights)
    chances = np.array([weights[kind] for kind in kinds], float)
    return kinds[int(rng.choice(len(kinds), p=chances / chances.sum()))]


def draw_scenario(
    rng: np.random.Generator, name: str, frame_size: Tuple[int, int], mixing: float
) -> Scenario:
    """Draw the settings of a sequence.

    Args:
        rng: Random generator.
        name: The dominant scenario, one of :data:`SCENARIOS`.
        frame_size: Width and height of the frames.
        mixing: Strength of the secondary effects, 0 (not even traffic) to 1; ``static`` has none.
    """
    if name not in SCENARIOS:
        raise ValueError(f'unknown scenario {name!r}; it must be one of {SCENARIOS}')
    kind = _draw_kind(rng, name)
    biomes = KINDS[kind].biomes
    low, high = KINDS[kind].sizes
    frame = min(frame_size) / 360
    low = max(12.0, low * frame)
    high = max(1.25 * low, min(high * frame, 0.24 * min(frame_size)))
    scenario = Scenario(
        name=name,
        kind=kind,
        biome=biomes[int(rng.integers(len(biomes)))],
        size=float(np.exp(rng.uniform(np.log(low), np.log(high)))),
        step=rng.uniform(0.12, 0.26),
        turn=_sign(rng) * rng.uniform(0.0, 0.6),
        wander=rng.uniform(0.1, 0.35),
        hover=rng.uniform(0.2, 0.7),
        shake=rng.uniform(0.2, 0.9),
    )
    if name == 'static':
        return replace(
            scenario, step=0.015, turn=0.0, wander=0.0, roam=0.12, hover=1.0, shake=0.3, shutter=0.0
        )
    return _dominate(rng, _mix(rng, scenario, mixing), frame_size)


def _mix(rng: np.random.Generator, scenario: Scenario, mixing: float) -> Scenario:
    """Let other effects in, each with a chance."""

    def happens(chance: float) -> bool:
        return bool(rng.random() < chance * mixing)

    zoom = rng.uniform(0.6, 1.0) if happens(0.5) else rng.uniform(0.86, 1.0)
    start_near = rng.random() < 0.5
    return replace(
        scenario,
        zoom=(1.0, zoom) if start_near else (zoom, 1.0),
        spin=_sign(rng) * (rng.uniform(0.3, 1.4) if happens(0.5) else rng.uniform(0, 0.15)),
        turn=_sign(rng) * rng.uniform(0.8, 1.9) if happens(0.5) else scenario.turn,
        change=rng.uniform(0.2, 0.6) if happens(0.35) else 0.0,
        light=rng.uniform(0.4, 1.0) if happens(0.4) else 0.15,
        covers=1 if happens(0.3) else 0,
        rivals=int(rng.integers(1, 3)) if happens(0.4) else 0,
        traffic=int(rng.integers(0, 5)) * (mixing > 0),
        shutter=rng.uniform(0.1, 0.35),
    )


def _dominate(
    rng: np.random.Generator, scenario: Scenario, frame_size: Tuple[int, int]
) -> Scenario:
    """Strengthen the dominant effect, and remove the effects that would spoil it."""
    name = scenario.name
    if name == 'appearance_change':
        return replace(scenario, change=1.0)
    if name == 'scale_change':
        far = rng.uniform(0.42, 0.5)
        zoom = (1.0, far) if rng.random() < 0.5 else (far, 1.0)
        # The target stays large enough in the widest view.
        floor = 12.5 / far
        return replace(
            scenario, zoom=zoom, size=max(scenario.size, floor), step=scenario.step * 0.8
        )
    if name == 'rotation':
        sign = _sign(rng)
        return replace(
            scenario, spin=sign * rng.uniform(1.1, 2.0), turn=sign * rng.uniform(0.9, 1.7)
        )
    if name == 'occlusion':
        return replace(scenario, covers=int(rng.integers(1, 3)), step=rng.uniform(0.12, 0.2))
    if name == 'distractor':
        return replace(scenario, rivals=int(rng.integers(2, 4)), covers=0)
    if name == 'absence':
        leaves = bool(rng.random() < 0.5)
        return replace(
            scenario, leaves=leaves, hidden=not leaves, covers=0 if leaves else 1,
            step=rng.uniform(0.15, 0.22), roam=0.3, pace_limit=0.3 if leaves else 0.6,
            zoom=(1.0, 0.94),
        )  # fmt: skip
    if name == 'illumination_change':
        return replace(scenario, light=rng.uniform(1.3, 1.6), change=0.0)
    if name == 'fast_motion':
        return replace(
            scenario, step=rng.uniform(0.3, 0.45), roam=0.8, hover=1.0, covers=0, rivals=0,
            shutter=rng.uniform(0.35, 0.5), pace_limit=1.35,
            size=min(scenario.size, 0.13 * min(frame_size) + 4),
        )  # fmt: skip
    return replace(scenario, size=13.0, zoom=(1.0, rng.uniform(0.93, 1.0)))
