"""Temporal adaptation in mmtrack's test run, switched on by a config line."""

from dataclasses import asdict
from typing import Any, Optional, Sequence

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from mmeatrack.models.temporal import StoreStatistics
from mmeatrack.registry import HOOKS


@HOOKS.register_module()
class TemporalAdaptationHook(Hook):
    """Switches the Target Store on for validation and test, and reports what it did.

    The tracker makes a new store at the first frame of every video, so that no video sees
    another's.

    Args:
        store: Config of a :class:`TargetStore`; its ``type`` may be left out.

    Example:
        >>> custom_hooks = [dict(type='mmeatrack.TemporalAdaptationHook', store=dict(interval=10))]
    """

    def __init__(self, store: Optional[dict] = None) -> None:
        self.store = dict(dict(type='mmeatrack.TargetStore'), **(store or {}))
        self._previous: Optional[dict] = None
        self._total = StoreStatistics()
        self._videos = 0

    def before_test(self, runner: Runner) -> None:
        """Switch it on."""
        self._switch_on(runner)

    def before_val(self, runner: Runner) -> None:
        """Switch it on."""
        self._switch_on(runner)

    def after_test(self, runner: Runner) -> None:
        """Report, and leave the model as it was."""
        self._switch_off(runner)

    def after_val(self, runner: Runner) -> None:
        """Report, and leave the model as it was."""
        self._switch_off(runner)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Optional[Sequence[Any]] = None,
    ) -> None:
        """Add up the store's statistics at a video's last frame."""
        self._collect(runner, outputs)

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Optional[Sequence[Any]] = None,
    ) -> None:
        """Add up the store's statistics at a video's last frame."""
        self._collect(runner, outputs)

    def _switch_on(self, runner: Runner) -> None:
        tracker = find_tracker(runner.model)
        self._previous = tracker.temporal_cfg
        tracker.set_temporal(self.store)
        self._total, self._videos = StoreStatistics(), 0

    def _collect(self, runner: Runner, outputs: Optional[Sequence[Any]]) -> None:
        info = outputs[0].metainfo if outputs else {}
        if info.get('frame_id') != info.get('video_length', 0) - 1:
            return
        store = find_tracker(runner.model).state.store
        self._videos += 1
        for name, value in asdict(store.statistics).items():
            setattr(self._total, name, getattr(self._total, name) + value)

    def _switch_off(self, runner: Runner) -> None:
        find_tracker(runner.model).set_temporal(self._previous)
        numbers = ', '.join(f'{value} {name}' for name, value in asdict(self._total).items())
        print_log(f'Target Store over {self._videos} videos: frames {numbers}', 'current')


def find_tracker(model: Any) -> Any:
    """The tracker that predicts, within a distributed wrapper and a distillation algorithm.

    Raises:
        TypeError: If there is none that takes temporal adaptation.
    """
    if is_model_wrapper(model):
        model = model.module
    tracker = getattr(model, 'student', model)
    if not hasattr(tracker, 'set_temporal'):
        raise TypeError(
            f'TemporalAdaptationHook needs an mmeatrack.EATrack, but the model is '
            f'{type(tracker).__name__}: remove the hook from custom_hooks.'
        )
    return tracker
