from lab.experiments.seeds import mean_and_error


def test_mean_and_standard_error() -> None:
    # Standard deviation of 1, 2, 3 is 1; over sqrt(3) that is 0.577.
    assert mean_and_error([1.0, 2.0, 3.0]) == '2.0 ± 0.6'


def test_a_single_value_has_no_error() -> None:
    assert mean_and_error([45.67]) == '45.7'
