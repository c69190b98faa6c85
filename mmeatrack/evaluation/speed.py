"""Frames per second of a test run, and the machine that it was measured on."""

import platform
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Tuple

import numpy as np
import torch
from mmengine.dist import get_world_size

from mmeatrack.evaluation.run_folder import SequenceResult

CPU_INFO = Path('/proc/cpuinfo')


def run_speed(results: Iterable[SequenceResult]) -> Tuple[dict, Dict[str, dict]]:
    """``fps`` (end to end) and ``network_fps``: all frames over all seconds, and by sequence.

    Both are None if no time was measured. The first frame of a sequence sets the tracker up and is
    left out.
    """
    results = list(results)
    return _speeds(results), {result.name: _speeds([result]) for result in results}


def _speeds(results: List[SequenceResult]) -> Dict[str, Optional[float]]:
    speeds: Dict[str, Optional[float]] = {}
    for key, column in (('fps', 'seconds'), ('network_fps', 'network_seconds')):
        seconds = np.concatenate([getattr(result, column)[1:] for result in results])
        measured = seconds[np.isfinite(seconds)]
        total = measured.sum()
        speeds[key] = float(len(measured) / total) if total > 0 else None
    return speeds


def machine_facts(device: torch.device) -> dict:
    """Return the machine and software of this process, and the device that the model runs on.

    ``cpu``, ``device``, ``threads`` (of PyTorch, in each process), ``processes``, ``torch`` and
    ``python`` (versions).
    """
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
