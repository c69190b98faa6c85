from pathlib import Path

import pytest

from mmeatrack.files.benchmarks import BENCHMARKS
from mmeatrack.files.ground_truth import read_attributes


def test_flags_pick_names(tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_text('0,1,0,1\n')

    assert read_attributes(path, ['IV', 'SV', 'POC', 'FOC']) == ['SV', 'FOC']


def test_names_a_line(tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_text('fast_motion\r\nsmall target\n\n')

    assert read_attributes(path) == ['fast_motion', 'small target']


def test_flags_must_fit_the_names(tmp_path: Path) -> None:
    path = tmp_path / 'a.txt'
    path.write_text('0 1 1')

    with pytest.raises(ValueError, match=r'a\.txt: 3 flags for 0 attribute names'):
        read_attributes(path)
    with pytest.raises(FileNotFoundError):
        read_attributes(tmp_path / 'b.txt')


@pytest.mark.parametrize(('name', 'count'), [('dtb70', 11), ('uavdt', 9), ('visdrone', 12)])
def test_benchmarks_have_different_attributes(name: str, count: int) -> None:
    assert len(set(BENCHMARKS[name].attributes)) == count
