import pytest

from mmeatrack.files.result_names import SequenceNames, without_side_files

UAV123 = SequenceNames(['bird1_1', 'bird1_2', 'car2', 'car2_s', 'uav1_1', 'S0101', 'Jogging-1'])


@pytest.mark.parametrize(
    ('name', 'sequence'),
    [
        ('bird1_1', 'bird1_1'),
        ('BIRD1_1', 'bird1_1'),
        ('bird1-1', 'bird1_1'),
        ('uav_bird1_1', 'bird1_1'),
        ('uav_uav1_1', 'uav1_1'),
        ('UAV123_10fps_bird1_1', 'bird1_1'),
        ('uav123_bird1_1', 'bird1_1'),
        ('S0101_gt', 'S0101'),
        ('s0101_GT', 'S0101'),
        ('car2_s_bbox', 'car2_s'),
        ('KCF_car2', 'car2'),
        ('car2_s_kcf', 'car2_s'),
        ('jogging_1', 'Jogging-1'),
        ('Jogging.1', 'Jogging-1'),
    ],
)
def test_names_of_toolkits(name: str, sequence: str) -> None:
    assert UAV123.assign([name], labels=['KCF']) == {sequence: [name]}


@pytest.mark.parametrize('name', ['bird1', 'bird1_1_1', 'car2_x', 'my_bird1_1', 'bird', 'readme'])
def test_names_of_other_sequences_are_not_guessed(name: str) -> None:
    assert UAV123.assign([name], labels=['KCF']) == {}


def test_plainest_name_is_chosen() -> None:
    found = UAV123.assign(['S0101_gt', 'S0101', 'uav_bird1_1', 'BIRD1_1'])

    assert found == {'S0101': ['S0101'], 'bird1_1': ['BIRD1_1']}


def test_equally_plain_names_are_ambiguous() -> None:
    assert UAV123.assign(['bird1-1', 'Bird1_1']) == {'bird1_1': ['bird1-1', 'Bird1_1']}


def test_loose_name_of_two_sequences_is_not_guessed() -> None:
    names = SequenceNames(['Car-1', 'car_1'])

    assert names.find('Car-1') == 'Car-1'
    assert names.find('CAR_1') is None


def test_side_files_are_dropped_in_any_case() -> None:
    names = ['car2', 'CAR2_TIME', 'car2_network_time', 'car2_all_boxes', 'bird1_1_time']

    assert without_side_files(dict.fromkeys(names, 0)) == {'car2': 0, 'bird1_1_time': 0}


def test_sequence_and_tracker() -> None:
    names = ['car2_KCF', 'car2_s_KCF', 'bird1_1_KCF', 'bird1_1_BACF', 'other_KCF', 'bird1_1_9_KCF']

    assert UAV123.assign_by_tracker(names) == {
        'BACF': {'bird1_1': ['bird1_1_BACF']},
        'KCF': {'car2': ['car2_KCF'], 'car2_s': ['car2_s_KCF'], 'bird1_1': ['bird1_1_KCF']},
    }


def test_rest_of_an_unlisted_sequence_is_not_a_tracker() -> None:
    names = SequenceNames(['car2', 'bike1'])

    assert names.assign_by_tracker(['car2_KCF', 'car2_s_KCF', 'bike1_KCF']) == {
        'KCF': {'car2': ['car2_KCF'], 'bike1': ['bike1_KCF']}
    }
