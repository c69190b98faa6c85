"""Metric of a test run on a UAV benchmark."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from mmengine.logging import print_log
from mmtrack.evaluation.metrics.base_video_metrics import BaseVideoMetric

from mmeatrack.evaluation.ope import ope_scores, resolve_valid_boxes
from mmeatrack.evaluation.report import TrackerReport, attribute_scores
from mmeatrack.evaluation.run_folder import RunFolder, SequenceResult, file_name, run_speed
from mmeatrack.files.sequence_names import name_of_sample
from mmeatrack.log import warn
from mmeatrack.registry import METRICS

from .current_run import RunningSequence, machine_facts, model_name, process_group


@METRICS.register_module()
class UAVSOTMetric(BaseVideoMetric):
    """One pass evaluation on the UAV benchmarks, which also keeps the raw results.

    Takes ``pred_track_instances`` with ``bboxes`` (1, 4) (x1, y1, x2, y2 in image pixels),
    ``scores`` (1,) and, where the tracker gives them, ``network_seconds`` (1,) and ``lost`` (1,),
    which are kept as well. Sequence names and ground truth come from the dataset's ``metainfo``
    (:class:`mmeatrack.datasets.UAVSOTDataset`). With other datasets the ground truth comes with
    each frame, and a sequence is named after its image folder and its number.

    Boxes are scored as they are written, with four decimals, so that the raw result files give the
    same scores again.

    Args:
        absent: How a frame without the target is scored: ``'miss'``, ``'sglatrack'``, ``'hit'`` or
            ``'exclude'``; see :func:`mmeatrack.evaluation.ope_scores`.
        valid_boxes: Which ground truth boxes are targets; see there.
        result_dir: Where raw results are kept: ``<tracker_name>/<benchmark>/<sequence>.txt`` and
            ``<tracker_name>/<benchmark>_report.json``. The benchmark is that of the dataset's
            ``metainfo``; datasets without one, such as your own folders, have no such level.
            None keeps no files, unless :class:`mmeatrack.BenchmarkRunHook` sets it.
        tracker_name: Name of the tracker in files and reports; by default the class of the model.
        kwargs: Arguments of :class:`mmtrack.evaluation.BaseVideoMetric`; the default ``prefix`` of
            the metrics' names is ``'uav'``.

    Raises:
        ValueError: If a policy is unknown or the tracker's name cannot be a folder name.
        TypeError: If ``tracker_name`` or ``result_dir`` is neither text nor a number.
    """

    default_prefix: Optional[str] = 'uav'

    def __init__(
        self,
        absent: str = 'miss',
        valid_boxes: Optional[str] = None,
        result_dir: Union[str, Path, int, float, None] = None,
        tracker_name: Union[str, int, float, None] = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.absent = absent
        self.valid_boxes = resolve_valid_boxes(absent, valid_boxes)
        self.result_dir = None if result_dir is None else _as_text(result_dir, 'result_dir')
        self._tracker_name: Optional[str] = None
        if tracker_name is not None:
            name = _as_text(tracker_name, 'tracker_name')
            self._tracker_name = file_name(name, 'tracker_name')
        self.precision = 'float32'
        self._resumed: Dict[str, SequenceResult] = {}
        self._running: Optional[RunningSequence] = None
        self._last_result_at: Optional[float] = None
        self._device = torch.device('cpu')
        self._folder: Optional[RunFolder] = None
        self._claimed_alone = False
        self._identity: Optional[dict] = None  # of the folder, if no hook has claimed it

    @property
    def tracker_name(self) -> str:
        """Name of the tracker in files and reports."""
        if self._tracker_name is None:
            self._tracker_name = model_name() or 'tracker'
        return self._tracker_name

    @property
    def run_folder(self) -> Optional[RunFolder]:
        """The folder of raw results; None if they are not kept."""
        if self.result_dir is None:
            return None
        path = Path(self.result_dir) / self.tracker_name
        benchmark = (self.dataset_meta or {}).get('benchmark')
        if benchmark is not None:
            path /= file_name(str(benchmark), 'metainfo.benchmark')
        if self._folder is None or self._folder.path != path:
            self._folder = RunFolder(path, process_group())
        return self._folder

    def resume(self) -> List[str]:
        """Take over the sequences that are complete in the run folder; return their names."""
        folder = self.run_folder
        if folder is None:
            return []
        truths = self._by_sequence('ground_truths')
        found = {name: folder.read(name, len(boxes)) for name, boxes in truths.items()}
        self._resumed = {name: result for name, result in found.items() if result is not None}
        self._identity = folder.identity()
        return list(self._resumed)

    def process(self, data_batch: Optional[dict], data_samples: Sequence[dict]) -> None:
        """Take the predictions of one frame; called by the test loop frame by frame.

        RuntimeError if it is not the next frame of its video, or if another run has taken over the
        folder of raw results.
        """
        folder = self.run_folder
        for data_sample in data_samples:
            self._add_frame(data_sample)
            if folder is not None and folder.lock.token is not None:
                folder.lock.beat()
            if data_sample['frame_id'] == data_sample['video_length'] - 1:
                self._finish_sequence()

    def evaluate(self, size: int) -> Dict[str, float]:
        """Score the sequences of all processes (:meth:`compute_metrics`) and free the folder."""
        metrics: Dict[str, float] = super().evaluate(size)
        if self._claimed_alone and self.run_folder is not None:
            self.run_folder.lock.release()
        return metrics

    def compute_metrics(self, results: list) -> Dict[str, float]:
        """Score the sequence results of all processes and write the report.

        Returns ``success_auc``, ``precision20`` and ``norm_precision`` in percent, ``fps`` end to
        end, ``network_fps`` where the tracker measures it, and ``num_sequences``. ValueError if two
        sequences have the same name or nothing was tracked.
        """
        tracked, truths = self._collect(results)
        boxes = {name: result.boxes for name, result in tracked.items()}
        scores = ope_scores(boxes, truths, self.absent, self.valid_boxes)
        speed, per_sequence = run_speed(tracked.values())
        facts = dict(machine_facts(self._device), precision=self.precision, batch_size=1)
        report = TrackerReport(
            scores,
            attribute_scores(scores, self._by_sequence('attributes')),
            (self.dataset_meta or {}).get('left_out', {}),
            speed={**speed, **facts},
            sequence_speeds=per_sequence,
        )
        self._publish(report)
        metrics = {key: 100 * value for key, value in scores.headline().items()}
        metrics.update({key: value for key, value in speed.items() if value is not None})
        metrics = {key: round(value, 2) for key, value in metrics.items()}
        return dict(metrics, num_sequences=report.num_sequences)

    def _collect(self, results: list) -> Tuple[Dict[str, SequenceResult], Dict[str, np.ndarray]]:
        """Return results and ground truths of all sequences, in the order of the dataset."""
        names = Counter(result.name for result, _ in results)
        repeated = [name for name, count in names.items() if count > 1]
        if repeated:
            raise ValueError(f'several sequences are named {repeated}; give each its own seq_name')
        tracked, truths = dict(self._resumed), self._by_sequence('ground_truths')
        for result, ground_truth in results:
            tracked[result.name] = result
            truths.setdefault(result.name, ground_truth)
        if not tracked:
            raise ValueError('no sequence was tracked to its end; there is nothing to score')
        ordered = [name for name in truths if name in tracked]
        return {name: tracked[name] for name in ordered}, {name: truths[name] for name in ordered}

    def _add_frame(self, data_sample: dict) -> None:
        frame_id, video_id = data_sample['frame_id'], data_sample['video_id']
        if frame_id == 0:
            name = self._sequence_name(data_sample)
            if self.result_dir is not None:
                file_name(name, 'seq_name')  # fails before the sequence is tracked
            self._running = RunningSequence(name, video_id)
        running = self._running
        if running is None or (running.video_id, len(running)) != (video_id, frame_id):
            raise RuntimeError(
                f'frame {frame_id} of video {video_id} came out of order; test with '
                "sampler=dict(type='VideoSampler') and batch_size=1"
            )
        running.add(data_sample)
        self._device = data_sample['pred_track_instances']['bboxes'].device
        # Adding the frame has waited for the device, so that the time is right for a GPU too.
        now = time.perf_counter()
        running.seconds.append(now - self._last_result_at if self._last_result_at else np.nan)
        self._last_result_at = now

    def _finish_sequence(self) -> None:
        assert self._running is not None
        result, folder = self._running.result(), self.run_folder
        if folder is not None:
            # Unless a hook has claimed the folder, files in it belong to another run.
            if folder.lock.token is None:
                folder.claim(self._identity)
                self._identity = folder.identity()  # shared by all validations of one training
                self._claimed_alone = True
            folder.write(result)
        self.results.append((result, self._running.truths()))
        self._running = None

    def _sequence_name(self, data_sample: dict) -> str:
        """Return the dataset's name of a sequence, or its image folder and number."""
        names = (self.dataset_meta or {}).get('seq_names')
        if names is not None and 'seq_name' not in data_sample:
            return names[data_sample['video_id']]
        return name_of_sample(data_sample)

    def _by_sequence(self, key: str) -> dict:
        """Return a value of the dataset's metainfo by sequence; empty if it does not give it."""
        meta = self.dataset_meta or {}
        return dict(zip(meta.get('seq_names', ()), meta.get(key, ())))

    def _publish(self, report: TrackerReport) -> None:
        print_log(
            f'{self.tracker_name}: {report.num_sequences} sequences scored with {report.policy}',
            logger='current',
        )
        for name, reason in report.left_out.items():
            warn(f'left out: {name}: {reason}')
        folder = self.run_folder
        if folder is None:
            print_log('result_dir is not set: no raw results are kept', logger='current')
            return
        folder.write_report(json.dumps({self.tracker_name: report.as_dict()}, indent=1))
        print_log(f'raw results and report: {folder.report_path}', logger='current')


def _as_text(value: Union[str, Path, int, float], what: str) -> str:
    """Return an option as text, which ``--cfg-options`` may have made a number; else TypeError."""
    if isinstance(value, bool) or not isinstance(value, (str, Path, int, float)):
        raise TypeError(
            f'{what}={value!r} is a {type(value).__name__}, but has to be text; on the command '
            f'line put it in quotes twice, {what}="\'...\'"'
        )
    return str(value)
