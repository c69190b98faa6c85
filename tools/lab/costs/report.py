"""Report of a cost measurement as Markdown that is readable in a terminal."""

import os
import platform
from pathlib import Path
from typing import List, Sequence

import torch

from mmeatrack.evaluation.tables import markdown_table
from mmeatrack.files.atomic import write_atomically


class BenchmarkReport:
    """Text, tables and verdicts in the order of their addition."""

    def __init__(self, title: str, device: str = 'cpu') -> None:
        self._parts: List[str] = [f'## {title}\n', machine(device) + '\n']
        self.missed: List[str] = []

    def text(self, text: str) -> None:
        """Add a paragraph."""
        self._end_list()
        self._parts.append(text + '\n')

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table; its first column is flush left."""
        self._end_list()
        self._parts.append(markdown_table(header, rows))

    def verdict(self, what: str, value: float, bound: float, shown: str = '') -> None:
        """Add a line on whether a value is within its bound; ``shown`` is its text."""
        held = value <= bound
        if not held:
            self.missed.append(what)
        mark = 'holds' if held else 'MISSED'
        self._parts.append(f'- {what}: {shown or f"{value:.3f}"}, bound {bound:g}: {mark}')

    def _end_list(self) -> None:
        if self._parts[-1].startswith('- '):
            self._parts[-1] += '\n'

    def __str__(self) -> str:
        return '\n'.join(self._parts).rstrip() + '\n'

    def write(self, path: Path) -> None:
        """Write it as a Markdown file."""
        write_atomically(path, str(self))


def machine(device: str) -> str:
    """Processor, threads, versions and load of this machine in one line."""
    processor = platform.processor() or platform.machine()
    info = Path('/proc/cpuinfo')
    if info.is_file():
        names = [line for line in info.read_text().splitlines() if line.startswith('model name')]
        processor = names[0].partition(':')[2].strip() if names else processor
    parts = [
        processor,
        f'{os.cpu_count()} cores, {torch.get_num_threads()} thread(s) used',
        f'torch {torch.__version__}, Python {platform.python_version()}',
    ]
    if device != 'cpu':
        parts.insert(0, torch.cuda.get_device_name(device))
    if hasattr(os, 'getloadavg'):
        parts.append(f'load average {os.getloadavg()[0]:.1f}')
    return '; '.join(parts)
