"""Rules of the tracking of many targets."""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class TrackRules:
    """Rules for targets that are uncertain, lost, found or on the same object.

    Attributes:
        coast_for: Frames that a target may coast before it counts as lost.
        found_for: Frames for which a target that was lost is called found.
        remove_after: Frames that a target may be lost before it is removed; None keeps it.
        unsure_for: Frames in a row without a sure score after which a target counts as lost, though
            its lost detector still hesitates; None leaves it to the detector.
        sweep: Search crops a frame, for each lost target, that look for it elsewhere; 0 for none.
        sweep_growth: Growth of the swept area around the place where the target was last seen, in
            mean sides of the target a frame; None sweeps the whole frame from the start.
        crossing_frames: Frames in a row that two tracks may lie on one object before the weaker
            falls back; None lets both stay.
        crossing_overlap: IoU from which two boxes lie on one object.

    Raises:
        ValueError: If a value is out of range.
    """

    coast_for: int = 15
    found_for: int = 5
    remove_after: Optional[int] = 300
    unsure_for: Optional[int] = None
    sweep: int = 4
    sweep_growth: Optional[float] = 0.25
    crossing_frames: Optional[int] = 5
    crossing_overlap: float = 0.5

    def __post_init__(self) -> None:
        least = dict(coast_for=1, found_for=1, sweep=0)
        least.update(remove_after=1, unsure_for=1, crossing_frames=1)
        for name, minimum in least.items():
            value = getattr(self, name)
            optional = value is None and name in ('remove_after', 'unsure_for', 'crossing_frames')
            if not optional and (not isinstance(value, int) or value < minimum):
                raise ValueError(f'{name}={value!r} must be a whole number of at least {minimum}.')
        if self.sweep_growth is not None and not self.sweep_growth >= 0:
            raise ValueError(f'sweep_growth={self.sweep_growth} must be 0 or more, or None.')
        if not 0 < self.crossing_overlap < 1:
            raise ValueError(f'crossing_overlap={self.crossing_overlap} must lie between 0 and 1.')
