"""Keeps the results of a test run, and goes on where an interrupted one stopped."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from mmengine.dist import barrier, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmtrack.datasets.samplers import VideoSampler

from mmeatrack.evaluation.metrics import UAVSOTMetric
from mmeatrack.models.wrappers import unwrap
from mmeatrack.registry import HOOKS

# Default hooks that cannot change what a tracker gives.
HARMLESS_HOOKS = (
    'runtime_info', 'timer', 'logger', 'param_scheduler', 'checkpoint', 'sampler_seed',
    'deterministic_resume', 'non_finite_guard', 'visualization', 'benchmark_run',
    'benchmark_progress',
)  # fmt: skip


@HOOKS.register_module()
class BenchmarkRunHook(Hook):
    """Makes a test run with :class:`mmeatrack.UAVSOTMetric` one that can be interrupted.

    Raw results go to ``<work_dir>/raw_results`` unless the metric has a ``result_dir``. Sequences
    that are complete there, by the same checkpoint and config, are taken over instead of run again;
    scores are those of an uninterrupted run. Results of another checkpoint or config are moved to
    ``<tracker>.old-1`` and so on. Without a checkpoint nothing is taken over, as nobody can tell
    whether the weights are the same.

    Args:
        resume: Whether to take over finished sequences.
    """

    def __init__(self, resume: bool = True) -> None:
        self.resume = resume

    def before_test(self, runner: Runner) -> None:
        """Prepare the metric's folder and leave finished sequences out of the run."""
        metrics = [each for each in runner.test_evaluator.metrics if isinstance(each, UAVSOTMetric)]
        for metric in metrics:
            if metric.result_dir is None:
                metric.result_dir = str(Path(runner.work_dir) / 'raw_results')
            metric.precision = _precision(runner)
            finished = self._finished_sequences(runner, metric)
            if finished and len(metrics) == 1:
                _skip_sequences(runner, finished)

    def _finished_sequences(self, runner: Runner, metric: UAVSOTMetric) -> List[str]:
        """Claim the metric's folder for this run and take over what is finished in it."""
        folder = metric.run_folder
        assert folder is not None
        if is_main_process():
            moved = folder.claim(run_identity(runner))
            if moved is not None:
                _log(f'{folder.path} held the results of another run; they are now in {moved}')
        barrier()
        has_weights = any(True for _ in runner.model.parameters())
        if not self.resume or (has_weights and not runner.cfg.get('load_from')):
            return []
        finished = metric.resume()
        if finished:
            _log(f'{len(finished)} sequences are complete in {folder.path} and are not run again')
        return finished


def run_identity(runner: Runner) -> Dict[str, Any]:
    """Facts that decide about a run's results: checkpoint, model, test pipeline, hooks, device."""
    cfg = runner.cfg
    default_hooks = cfg.get('default_hooks') or {}
    settings = dict(
        model=cfg.get('model'),
        pipeline=cfg.test_dataloader.dataset.get('pipeline'),
        custom_hooks=cfg.get('custom_hooks'),
        default_hooks={k: v for k, v in default_hooks.items() if k not in HARMLESS_HOOKS},
    )
    text = json.dumps(settings, sort_keys=True, default=str)
    return dict(
        checkpoint=_file_sha256(cfg.get('load_from')) or cfg.get('load_from'),
        config_sha256=hashlib.sha256(text.encode()).hexdigest(),
        device=_model_facts(runner)[0],
    )


def _skip_sequences(runner: Runner, finished: Sequence[str]) -> None:
    """Share the unfinished sequences among the processes."""
    sampler = runner.test_dataloader.sampler
    if not isinstance(sampler, VideoSampler):
        _log("finished sequences can only be skipped with sampler=dict(type='VideoSampler')")
        return
    dataset = sampler.dataset
    names = dataset.metainfo['seq_names']
    left = [index for index, name in enumerate(names) if name not in set(finished)]
    sampler.indices = [
        [(index, frame) for index in share for frame in range(dataset.get_len_per_video(index))]
        for share in np.array_split(np.array(left, dtype=int), get_world_size())
    ]


def _precision(runner: Runner) -> str:
    """The number format that the network computes in."""
    device, number_format = _model_facts(runner)
    if not runner.test_loop.fp16:
        return number_format
    return 'float16 autocast' if device == 'cuda' else 'bfloat16 autocast'


def _model_facts(runner: Runner) -> Tuple[str, str]:
    """Type of the device and number format of the model's weights."""
    model = unwrap(runner.model)
    for parameter in model.parameters():
        return parameter.device.type, str(parameter.dtype).replace('torch.', '')
    return 'cpu', 'float32'


def _file_sha256(path: Optional[str]) -> Optional[str]:
    """The hash of a file's content; None where there is no such local file."""
    if not path or not Path(path).is_file():
        return None
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _log(message: str) -> None:
    print_log(message, logger='current', level=logging.WARNING)
