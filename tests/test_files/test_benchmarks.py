from typing import List

import pytest

from mmeatrack.files.benchmarks import BENCHMARKS, plain_name, recognise_benchmarks
from mmeatrack.files.sequence_infos import load_sequence_table


def lengths(table: str) -> dict:
    return {each.name: each.last - each.first + 1 for each in load_sequence_table(table)}


@pytest.mark.parametrize(
    ('table', 'count', 'num_frames'),
    [
        ('dtb70', 70, 15777),
        ('uav20l', 20, 58670),
        ('uav123', 123, 112578),
        ('uav123_10fps', 123, 37607),
    ],
)
def test_tables_hold_the_whole_benchmark(table: str, count: int, num_frames: int) -> None:
    assert len(load_sequence_table(table)) == len(lengths(table)) == count
    assert sum(lengths(table).values()) == num_frames


@pytest.mark.parametrize(('key', 'count'), [('dtb70', 11), ('uavdt', 9), ('visdrone', 12)])
def test_attributes_of_a_benchmark_are_unique(key: str, count: int) -> None:
    assert len(set(BENCHMARKS[key].attributes)) == len(BENCHMARKS[key].attributes) == count


@pytest.mark.parametrize('key', ['dtb70', 'uav123', 'uav123-10fps', 'uav20l'])
def test_benchmark_is_recognised_by_its_sequences(key: str) -> None:
    assert recognise_benchmarks(lengths(BENCHMARKS[key].table or ''), '/data/gt') == [key]


@pytest.mark.parametrize(
    ('folder', 'found'),
    [
        ('anno/UAV123', ['uav123']),
        ('anno/UAV123_10fps', ['uav123-10fps']),
        ('UAV20L/anno', ['uav20l']),
        ('anno', ['uav123', 'uav123-10fps', 'uav20l']),
    ],
)
def test_folder_decides_between_benchmarks_of_one_name(folder: str, found: List[str]) -> None:
    assert recognise_benchmarks({'bike1': 10}, folder) == found


def test_names_tell_the_other_benchmarks() -> None:
    assert recognise_benchmarks({'S0101': 9, 'S1702': 7}, 'anno') == ['uavdt']
    assert recognise_benchmarks({'uav0000011_00000_s': 9}, 'annotations') == ['visdrone']
    assert recognise_benchmarks({'bike1': 3085, 'my_car': 9}, 'UAV123') == []


def test_plain_names() -> None:
    assert plain_name('UAV123@10fps') == plain_name('uav123_10fps') == 'uav12310fps'
