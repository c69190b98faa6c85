"""Raw results and scores of an experiment's test runs."""

from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence

from mmeatrack.evaluation.report import TrackerReport, score_trackers
from mmeatrack.evaluation.run_folder import RunFolder, SequenceResult
from mmeatrack.files.ground_truth import GroundTruth
from mmeatrack.files.result_source import open_results


def read_run(folder: Path, truth: GroundTruth) -> List[SequenceResult]:
    """Raw results of one run, in the order of the sequences.

    Args:
        folder: The run's raw results.
        truth: The benchmark.

    Raises:
        ValueError: If a sequence is not there completely.
    """
    results, run = [], RunFolder(folder)
    for name, boxes in truth.boxes.items():
        result = run.read(name, len(boxes))
        if result is None:
            raise ValueError(f'{folder} has no complete result of {name}: remove it and test anew.')
        results.append(result)
    return results


def score_runs(
    folder: Path,
    runs: Sequence[str],
    truth: GroundTruth,
    attributes: Optional[Mapping[str, Sequence[str]]] = None,
) -> Dict[str, TrackerReport]:
    """Reports by run; a frame without a target counts as missed.

    Args:
        folder: Holds a folder of raw results a run.
        runs: Names of the runs.
        truth: The benchmark.
        attributes: Attribute names by sequence.
    """
    files = [file for run in runs for file in open_results(f'{run}={folder / run}', truth.boxes)]
    return score_trackers(truth, files, 'miss', None, attributes)
