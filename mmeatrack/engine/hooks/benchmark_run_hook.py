"""Raw results of a test run, and their completion after an interruption."""

from pathlib import Path
from typing import Any, Collection, List, Mapping, Optional

from mmengine.dist import broadcast_object_list, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmtrack.datasets import BaseSOTDataset
from mmtrack.datasets.samplers import VideoSampler

from mmeatrack.engine.run_identity import model_facts, run_identity
from mmeatrack.evaluation.metrics import UAVSOTMetric
from mmeatrack.log import warn
from mmeatrack.registry import HOOKS


@HOOKS.register_module()
class BenchmarkRunHook(Hook):
    """Continues an interrupted test run with :class:`mmeatrack.UAVSOTMetric`.

    Raw results go to ``<work_dir>/raw_results`` unless the metric has a ``result_dir``. Sequences
    that are complete there, from the same checkpoint, config and data, are not run again; the
    scores equal those of an uninterrupted run. Results of another checkpoint, config or dataset
    are moved to ``<folder>.old-1`` and so on. Without a checkpoint all sequences are run, because
    nothing shows whether the weights are the same. A folder that another run is writing to is
    refused.

    Args:
        resume: Continue from complete sequences.
    """

    def __init__(self, resume: bool = True) -> None:
        self.resume = resume

    def before_test(self, runner: Runner) -> None:
        """Prepare the metric's folder and leave finished sequences out of the run.

        Raises:
            RuntimeError: If another run is writing to the folder.
        """
        metrics = _metrics(runner)
        for metric in metrics:
            if metric.result_dir is None:
                metric.result_dir = str(Path(runner.work_dir) / 'raw_results')
            metric.precision = _precision(runner)
            finished = self._finished_sequences(runner, metric)
            _distribute_sequences(runner, finished if len(metrics) == 1 else ())

    def after_test(self, runner: Runner) -> None:
        """Release the folder for other runs."""
        for metric in _metrics(runner):
            if metric.run_folder is not None:
                metric.run_folder.lock.release()

    def _finished_sequences(self, runner: Runner, metric: UAVSOTMetric) -> List[str]:
        """Claim the metric's folder for this run and take over the finished sequences in it.

        The first process decides for all, because others may see the folder in another state.
        """
        folder = metric.run_folder
        assert folder is not None
        answer: List[Any] = [None, []]  # problem, sequences
        failure: Optional[Exception] = None
        if is_main_process():
            try:
                answer[1] = self._claim(runner, metric)
            except Exception as error:  # the others wait for the answer and stop as well
                failure = error
                answer[0] = f'{type(error).__name__} in the first process: {error}'
        broadcast_object_list(answer)
        problem, finished = answer
        if failure is not None:
            raise failure
        if problem is not None:
            raise RuntimeError(problem)
        if not is_main_process():
            folder.lock.acquire()
        elif finished:
            warn(f'{len(finished)} sequences are complete in {folder.path} and are not run again')
        return finished

    def _claim(self, runner: Runner, metric: UAVSOTMetric) -> List[str]:
        assert metric.run_folder is not None
        metric.run_folder.claim(run_identity(runner))
        has_weights = any(True for _ in runner.model.parameters())
        resumes = self.resume and (runner.cfg.get('load_from') or not has_weights)
        return metric.resume() if resumes else []


def _metrics(runner: Runner) -> List[UAVSOTMetric]:
    return [each for each in runner.test_evaluator.metrics if isinstance(each, UAVSOTMetric)]


def _distribute_sequences(runner: Runner, finished: Collection[str]) -> None:
    """Distribute the unfinished sequences over the processes, by their numbers of frames."""
    sampler = runner.test_dataloader.sampler
    dataset = runner.test_dataloader.dataset
    if not isinstance(sampler, VideoSampler) or not isinstance(dataset, BaseSOTDataset):
        if finished:
            warn("finished sequences can only be skipped with sampler=dict(type='VideoSampler')")
        return
    names = dataset.metainfo.get('seq_names', [''] * dataset.num_videos)
    left = {
        index: dataset.get_len_per_video(index)
        for index, name in enumerate(names)
        if name not in finished
    }
    sampler.indices = [
        [(index, frame) for index in share for frame in range(left[index])]
        for share in equal_shares(left, get_world_size())
    ]


def equal_shares(lengths: Mapping[int, int], num_shares: int) -> List[List[int]]:
    """Split items into shares of about equal total length, each sorted.

    The longest items go first, each into the smallest share so far.
    """
    shares: List[List[int]] = [[] for _ in range(num_shares)]
    for item in sorted(lengths, key=lambda each: (-lengths[each], each)):
        min(shares, key=lambda share: sum(lengths[each] for each in share)).append(item)
    return [sorted(share) for share in shares]


def _precision(runner: Runner) -> str:
    device, number_format = model_facts(runner)
    if not runner.test_loop.fp16:
        return number_format
    return 'float16 autocast' if device == 'cuda' else 'bfloat16 autocast'
