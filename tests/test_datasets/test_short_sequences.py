"""Training sequences that are too short for the sampling are left out, with a reason."""

from pathlib import Path

import numpy as np
import pytest
from mmtrack.datasets.transforms import PairSampling, TridentSampling
from mmtrack.datasets.transforms.processing import DiMPSampling

from mmeatrack.datasets import NearSampling
from tests.test_datasets.trees import boxes_of, sot_dataset, write_dtb70_sequence

TRIDENT = dict(num_search_frames=1, num_template_frames=2, max_frame_range=[200])
SAMPLINGS = {
    'visible frames for min_num_frames': (TridentSampling(**TRIDENT), 20),
    'frames for the sample': (TridentSampling(min_num_frames=1, **TRIDENT), 7),
    'near sampling': (NearSampling(max_template_range=9, min_num_frames=9, **TRIDENT), 9),
    'DiMP sampling': (DiMPSampling(), 20),
    'pairs': (PairSampling(), 1),
}


@pytest.mark.parametrize('case', SAMPLINGS)
def test_training_sequence_shorter_than_the_sampler_needs_is_left_out(
    tmp_path: Path, case: str
) -> None:
    sampling, needed = SAMPLINGS[case]
    write_dtb70_sequence(tmp_path, 'a_long', boxes_of(needed))
    boxes = boxes_of(needed + 9)
    boxes[needed - 1 :] = np.nan  # one visible frame too few
    if needed > 1:
        write_dtb70_sequence(tmp_path, 'b_short', boxes)
    write_dtb70_sequence(tmp_path, 'c_long', boxes_of(needed + 5))

    dataset = sot_dataset(tmp_path, test_mode=False, serialize_data=True, pipeline=[sampling])

    assert len(dataset) == 2
    if needed > 1:
        name = type(sampling).__name__
        assert f'{needed - 1} visible frames, but {name}' in dataset.left_out['b_short']
        assert dataset.left_out['b_short'].endswith(f' needs {needed}')
    drawn = [dataset[index % 2] for index in range(30)]
    folders = {Path(path).parents[1].name for sample in drawn for path in sample['img_path']}
    assert folders == {'a_long', 'c_long'}


def test_training_set_of_short_sequences_only_is_refused(tmp_path: Path) -> None:
    for name, length in (('a', 5), ('b', 19)):
        write_dtb70_sequence(tmp_path, name, boxes_of(length))
    settings = dict(test_mode=False, pipeline=[TridentSampling(**TRIDENT)])

    message = r'the longest, b, has 19 visible frames, but TridentSampling.* needs 20'
    with pytest.raises(ValueError, match=message):
        sot_dataset(tmp_path, **settings)
    with pytest.raises(ValueError, match='5 visible frames'):
        sot_dataset(tmp_path, bad_sequences='raise', **settings)
    assert sot_dataset(tmp_path).num_videos == 2  # a test takes any length


def test_still_images_can_be_trained_on(tmp_path: Path) -> None:
    for name in ('a', 'b'):
        write_dtb70_sequence(tmp_path, name, boxes_of(1))

    dataset = sot_dataset(tmp_path, test_mode=False, pipeline=[TridentSampling(**TRIDENT)])

    assert dataset.num_videos == 2
    assert len(set(dataset[0]['img_path'])) == 1
