"""Temporal adaptation in mmtrack's test run, and its upper bound, by a config line."""

import warnings
from itertools import chain
from pathlib import Path
from typing import Any, Optional

import torch
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh
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
    """Switches the Target Store on for validation and test, and reports its work.

    The tracker makes a new store at the first frame of each video. ``target_store.csv`` in the work
    folder counts, for each video of this run, what the store did and how many of its views do not
    show the target.

    Args:
        store: Config of a :class:`TargetStore`; its ``type`` is optional.

    Example:
        >>> custom_hooks = [dict(type='mmeatrack.TemporalAdaptationHook', store=dict(interval=10))]
    """

    def __init__(self, store: Optional[dict] = None) -> None:
        self.store = self.store_config(store)
        self._previous: Optional[dict] = None
        self._log = StoreLog()

    @staticmethod
    def store_config(store: Optional[dict] = None) -> dict:
        """Config of the store for the argument ``store`` of the class."""
        return dict(dict(type='mmeatrack.TargetStore'), **(store or {}))

    def before_test(self, runner: Runner) -> None:
        """Switch the store on."""
        tracker = find_tracker(runner.model)
        self._previous = tracker.temporal_cfg
        tracker.set_temporal(self.store)
        self._log = StoreLog()

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Record a frame."""
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
        """Report, and restore the model's own setting."""
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


@HOOKS.register_module()
class OracleViewsHook(Hook):
    """Fills the temporal slot of a test run from the ground truth instead of a Target Store.

    Its gain is an upper bound for the choice of views by any store. The hook is for analysis only:
    a tracker that sees the ground truth has no valid results.

    Args:
        interval: Frames between views, at least 1. While the target is absent the last one stays.

    Raises:
        ValueError: If the interval is below 1, or a Target Store is on.
    """

    def __init__(self, interval: int = 5) -> None:
        if interval < 1:
            raise ValueError(f'interval={interval} must be at least 1.')
        self.interval = interval

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Fill the slot for the next frames."""
        info = outputs[0].metainfo if outputs else {}
        frame, tracker = info.get('frame_id', 0), find_tracker(runner.model)
        if tracker.state.store is not None:
            raise ValueError(
                f'{type(self).__name__} and a Target Store both fill the temporal slot: remove '
                'TemporalAdaptationHook from custom_hooks, and `temporal` from the model.'
            )
        if frame == 0 or frame % self.interval:
            return
        truth = torch.as_tensor(info['instances'][0]['bbox'], dtype=torch.float64)
        if truth.isfinite().all() and (truth[2:] > truth[:2]).all():
            img = tracker.data_preprocessor(data_batch, False)['inputs']['img'][0]
            cx, cy, w, h = bbox_xyxy_to_cxcywh(truth).tolist()
            tracker.state.temporal = tracker.encode_template(img, (cx, cy, w, h))


@HOOKS.register_module()
class TrueViewsHook(OracleViewsHook):
    """Former name of :class:`OracleViewsHook`."""

    def __init__(self, interval: int = 5) -> None:
        warnings.warn(
            'mmeatrack.TrueViewsHook is now called mmeatrack.OracleViewsHook; the old name will '
            'be removed in the next release.',
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(interval)
