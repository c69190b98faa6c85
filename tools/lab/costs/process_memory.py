"""Resident memory of this process on Linux."""

import os
from pathlib import Path

_CLEAR, _STATUS = Path('/proc/self/clear_refs'), Path('/proc/self/status')


def check_process_memory() -> None:
    """Refuse a system without these files.

    Raises:
        RuntimeError: If it does not.
    """
    if not os.access(_CLEAR, os.W_OK) or not _STATUS.is_file():
        raise RuntimeError(
            f"a process's memory is read from {_STATUS} after a write to {_CLEAR}, which is not "
            'possible here: measure on Linux.'
        )


def forget_peak() -> None:
    """Reset the peak to the current resident memory."""
    _CLEAR.write_text('5')


def resident_bytes() -> int:
    """Resident memory in bytes."""
    return _read('VmRSS')


def peak_resident_bytes() -> int:
    """Highest resident memory in bytes since :func:`forget_peak`."""
    return _read('VmHWM')


def _read(name: str) -> int:
    lines = _STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ':')) * 1024
