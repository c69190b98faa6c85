"""Frames per second of a test run, and the machine that it was measured on."""

import platform
from pathlib import Path
from typing import Dict, Iterable, Optional, Tuple, Union

import numpy as np
import torch
from mmengine.dist import get_world_size

from mmeatrack.evaluation.run_folder import SequenceResult


def frames_per_second(seconds: np.ndarray) -> Optional[float]:
    """Frames per second over the measured frames after the first; None without any.

    Args:
        seconds: Shape (N,), time of each frame; NaN where it was not measured. Frame 0 sets
            the tracker up and is left out.
    """
    measured = seconds[1:][np.isfinite(seconds[1:])]
    total = measured.sum()
    return float(len(measured) / total) if total > 0 else None


def run_speed(results: Iterable[SequenceResult]) -> Tuple[dict, Dict[str, dict]]:
    """``fps`` (end to end) and ``network_fps``: all frames over all seconds, and by sequence."""
    results = list(results)
    per_sequence = {
        result.name: _speeds(result.seconds, result.network_seconds) for result in results
    }
    first = np.full(1, np.nan)
    total = _speeds(
        np.concatenate([first] + [result.seconds[1:] for result in results]),
        np.concatenate([first] + [result.network_seconds[1:] for result in results]),
    )
    return total, per_sequence


def _speeds(seconds: np.ndarray, network_seconds: np.ndarray) -> dict:
    return dict(fps=frames_per_second(seconds), network_fps=frames_per_second(network_seconds))


CPU_INFO = Path('/proc/cpuinfo')


def machine_facts(device: Union[str, torch.device]) -> dict:
    """Machine and software of this process, and the device that the model runs on.

    ``cpu``, ``device``, ``threads`` (of PyTorch, in each process), ``processes``, ``torch`` and
    ``python`` (versions).
    """
    device = torch.device(device)
    on_gpu = device.type == 'cuda'
    return dict(
        cpu=_cpu_model(),
        device=torch.cuda.get_device_name(device) if on_gpu else device.type,
        threads=torch.get_num_threads(),
        processes=get_world_size(),
        torch=torch.__version__,
        python=platform.python_version(),
    )


def _cpu_model() -> str:
    if CPU_INFO.is_file():
        for line in CPU_INFO.read_text(errors='replace').splitlines():
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.processor() or platform.machine()
