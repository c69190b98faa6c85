from mmeatrack.synthetic.streams import stream


def test_same_key_gives_same_numbers():
    first = stream(3, 'train', 7, 'world').integers(0, 2**31, 8)
    again = stream(3, 'train', 7, 'world').integers(0, 2**31, 8)
    assert first.tolist() == again.tolist()


def test_every_part_of_the_key_matters():
    keys = [
        (0, 'train', 0, 'world'),
        (1, 'train', 0, 'world'),
        (0, 'test', 0, 'world'),
        (0, 'train', 1, 'world'),
        (0, 'train', 0, 'target'),
    ]
    draws = {tuple(stream(*key).integers(0, 2**31, 4).tolist()) for key in keys}
    assert len(draws) == len(keys)
