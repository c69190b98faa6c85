"""Temporal adaptation in mmtrack's test run, switched on by a config line."""

from itertools import chain
from pathlib import Path
from typing import Any, Optional

from mmengine.dist import all_gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmeatrack.engine.store_log import StoreLog, add_up, write_store_log
from mmeatrack.files.sequence_names import name_of_sample
from mmeatrack.models.wrappers import find_tracker
from mmeatrack.registry import HOOKS


@HOOKS.register_module()
class TemporalAdaptationHook(Hook):
    """Switches the Target Store on for validation and test, and reports what it did.

    The tracker makes a new store at the first frame of every video, so that no video sees
    another's. ``target_store.csv`` in the work folder says what the store did in each video that
    this run tracked, and how often what it took was not the target.

    Args:
        store: Config of a :class:`TargetStore`; its ``type`` may be left out.

    Example:
        >>> custom_hooks = [dict(type='mmeatrack.TemporalAdaptationHook', store=dict(interval=10))]
    """

    def __init__(self, store: Optional[dict] = None) -> None:
        self.store = self.store_config(store)
        self._previous: Optional[dict] = None
        self._log = StoreLog()

    @staticmethod
    def store_config(store: Optional[dict] = None) -> dict:
        """Config of the store that the hook switches on for its argument ``store``."""
        return dict(dict(type='mmeatrack.TargetStore'), **(store or {}))

    def before_test(self, runner: Runner) -> None:
        """Switch it on."""
        tracker = find_tracker(runner.model)
        self._previous = tracker.temporal_cfg
        tracker.set_temporal(self.store)
        self._log = StoreLog()

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Note what the store did."""
        info = outputs[0].metainfo if outputs else {}
        if 'frame_id' not in info:
            return
        if info['frame_id'] == 0:
            self._log.start(name_of_sample(info))
            return
        instances = info.get('instances')
        truth = instances[0]['bbox'] if instances else None
        self._log.follow(find_tracker(runner.model).state, truth)
        if info['frame_id'] == info['video_length'] - 1:
            self._log.finish()

    def after_test(self, runner: Runner) -> None:
        """Report, and leave the model as it was."""
        find_tracker(runner.model).set_temporal(self._previous)
        videos = list(chain.from_iterable(all_gather_object(self._log.videos)))
        if not is_main_process():
            return
        write_store_log(videos, Path(runner.work_dir) / 'target_store.csv')
        total = add_up('all', videos)
        names = ('offered', 'confident', 'admitted', 'contaminated', 'frames_lost')
        numbers = ', '.join(f'{getattr(total, name)} {name}' for name in names)
        print_log(f'Target Store over {len(videos)} videos: frames {numbers}', 'current')

    before_val, after_val_iter, after_val = before_test, after_test_iter, after_test
