"""Published raw results of whole benchmarks, on machines that have them.

They are not part of this repository, as their sources state no licence.
"""

import csv
import os
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

VARIABLE = 'MMEATRACK_RAW_RESULTS'
WHOLE = Path(
    os.environ.get(VARIABLE, Path(__file__).parents[2] / 'shared' / 'data' / 'raw_results')
)

needs_whole_benchmarks = pytest.mark.skipif(
    not WHOLE.is_dir(),
    reason=f'no raw results of whole benchmarks in {WHOLE}: set {VARIABLE} to their folder to '
    'check every published number',
)


def read_rows(path: Path) -> List[Dict[str, str]]:
    """Rows of a CSV file by column."""
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


def published_scores() -> Dict[Tuple[str, str], Dict[str, str]]:
    """Published scores by benchmark and tracker; empty if the folder is missing."""
    return {
        (path.parent.name, row['tracker']): row
        for path in sorted(WHOLE.glob('*/expected.csv'))
        for row in read_rows(path)
    }
