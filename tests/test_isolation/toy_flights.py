"""Toy videos on disk, and test runs of mmtrack on them with exact results."""

from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import cv2
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmeatrack.registry import HOOKS
from tests.test_datasets.trees import boxes_of, write_boxes
from tests.toy_benchmark import benchmark_cfg
from tests.toys import tracker_cfg, video

LENGTHS = {'barge': 7, 'car': 9, 'gull': 6, 'kite': 8}
# Admits every frame, and is read after every second one.
STORE = dict(threshold=0.0, interval=2, capacity=3, num_samples=2)
# Loses and finds its target repeatedly, with another search region meanwhile.
WAVERING = tracker_cfg(
    confidence=dict(type='mmeatrack.CalibratedConfidence', weights=[0, 0, 5, 3, 0], bias=0),
    lost_detector=dict(lost_below=0.6, found_above=0.6, patience=1),
    test_cfg=dict(lost_search_factor=6.0),
)


@HOOKS.register_module(force=True)
class ExactResultsHook(Hook):
    """Writes the results of a test run to ``<sequence>.exact`` in the work folder."""

    def after_test_iter(self, runner: Runner, outputs: Sequence[Any], **kwargs: Any) -> None:
        """Add a frame's line; hexadecimal numbers are exact."""
        found = outputs[0].pred_track_instances
        values = [*found.bboxes[0].tolist(), *found.scores.tolist()]
        values.append(float(found.get('lost', False)))
        name = Path(outputs[0].img_path).parents[1].name
        with (Path(runner.work_dir) / f'{name}.exact').open('a') as file:
            file.write(' '.join(value.hex() for value in values) + '\n')


def write_flights(root: Path) -> Path:
    """Write four sequences with different backgrounds and targets."""
    for seed, (name, num_frames) in enumerate(LENGTHS.items()):
        images = root / name / 'img'
        images.mkdir(parents=True)
        for i, frame in enumerate(video(num_frames, seed)):
            cv2.imwrite(str(images / f'{i + 1:05d}.png'), frame[0].permute(1, 2, 0).numpy())
        write_boxes(root / name / 'groundtruth_rect.txt', boxes_of(num_frames, (70, 50, 20, 20)))
    return root


def flights_cfg(
    root: Path,
    work_dir: Path,
    checkpoint: Path,
    names: Sequence[str] = tuple(LENGTHS),
    store: Optional[dict] = None,
) -> Dict[str, Any]:
    """Config of a test run on these sequences in this order, with the hook for ``store``."""
    hooks: List[dict] = [dict(type='mmeatrack.ExactResultsHook')]
    if store is not None:
        hooks.append(dict(type='mmeatrack.TemporalAdaptationHook', store=store))
    cfg = benchmark_cfg(root, work_dir, **WAVERING)
    cfg['test_dataloader']['dataset']['sequences'] = [
        dict(seq_name=name, video_path=f'{name}/img', ann_path=f'{name}/groundtruth_rect.txt')
        for name in names
    ]
    return dict(
        cfg,
        load_from=str(checkpoint),
        custom_hooks=hooks,
        custom_imports=dict(imports=['mmeatrack', 'tests.test_isolation.toy_flights']),
        randomness=dict(seed=0),
        experiment_name=f'{work_dir.parent.name}-{work_dir.name}',
    )


def exact_results(work_dir: Path) -> Dict[str, List[str]]:
    """Lines of :class:`ExactResultsHook` by sequence."""
    return {path.stem: path.read_text().splitlines() for path in work_dir.glob('*.exact')}
