"""What a speed was measured on."""

import platform
from pathlib import Path
from typing import Union

import torch
from mmengine.dist import get_world_size

CPU_INFO = Path('/proc/cpuinfo')


def machine_facts(device: Union[str, torch.device]) -> dict:
    """Describe the machine and the software of this process.

    Args:
        device: The device that the model runs on.

    Returns:
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
    """The processor's name as the system gives it."""
    if CPU_INFO.is_file():
        for line in CPU_INFO.read_text(errors='replace').splitlines():
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.processor() or platform.machine()
