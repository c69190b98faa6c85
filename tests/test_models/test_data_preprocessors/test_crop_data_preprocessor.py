from typing import Any

import pytest
import torch
from mmtrack.models.data_preprocessors import TrackDataPreprocessor
from mmtrack.structures import TrackDataSample

from mmeatrack.models import CropDataPreprocessor

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


def frames(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def training_data(batch_size: int = 2) -> dict:
    """A batch as the data loader collates it: lists of (T, 3, H, W)."""
    return dict(
        inputs=dict(
            img=[frames(2, 3, 16, 16, seed=i) for i in range(batch_size)],
            search_img=[frames(1, 3, 32, 32, seed=9 + i) for i in range(batch_size)],
        ),
        data_samples=[TrackDataSample() for _ in range(batch_size)],
    )


def raw_data(**inputs: Any) -> dict:
    return dict(inputs=inputs, data_samples=[TrackDataSample()])


@pytest.mark.parametrize('bgr_to_rgb', [True, False])
def test_training_crops_equal_mmtracks(bgr_to_rgb: bool) -> None:
    ours = CropDataPreprocessor(mean=MEAN, std=STD, bgr_to_rgb=bgr_to_rgb)
    theirs = TrackDataPreprocessor(mean=MEAN, std=STD, bgr_to_rgb=bgr_to_rgb)
    given, expected = ours(training_data(), True), theirs(training_data(), True)
    assert given['inputs'].keys() == expected['inputs'].keys() == {'img', 'search_img'}
    for key, value in expected['inputs'].items():
        assert torch.equal(given['inputs'][key], value)
    assert given['inputs']['img'].shape == (2, 2, 3, 16, 16)
    for sample, other in zip(given['data_samples'], expected['data_samples']):
        assert sample.metainfo == other.metainfo


@pytest.mark.parametrize('bgr_to_rgb', [True, False])
def test_normalize_is_the_training_normalisation(bgr_to_rgb: bool) -> None:
    preprocessor = CropDataPreprocessor(mean=MEAN, std=STD, bgr_to_rgb=bgr_to_rgb)
    data = training_data(1)
    crop = data['inputs']['search_img'][0].clone()
    trained = preprocessor(data, True)['inputs']['search_img'][0]
    assert torch.equal(preprocessor.normalize(crop.float()), trained)


def test_normalize_by_hand() -> None:
    preprocessor = CropDataPreprocessor(mean=[1, 2, 3], std=[2, 4, 8], bgr_to_rgb=True)
    bgr = torch.tensor([11.0, 6.0, 5.0]).reshape(1, 3, 1, 1)
    # Red 5, green 6, blue 11.
    assert preprocessor.normalize(bgr).flatten().tolist() == [2.0, 1.0, 1.0]
    assert bgr.flatten().tolist() == [11.0, 6.0, 5.0]


def test_test_frames_stay_raw() -> None:
    frame = frames(1, 3, 40, 50)
    sample = TrackDataSample(metainfo=dict(frame_id=3))
    preprocessor = CropDataPreprocessor(mean=MEAN, std=STD, bgr_to_rgb=True)
    data = preprocessor(dict(inputs=dict(img=[frame]), data_samples=[sample]), False)
    assert torch.equal(data['inputs']['img'], frame[None])
    assert data['inputs']['img'].dtype == torch.uint8
    assert data['data_samples'][0].metainfo == dict(frame_id=3)


def test_two_test_frames_at_once_are_refused() -> None:
    preprocessor = CropDataPreprocessor(mean=MEAN, std=STD)
    two = [frames(1, 3, 40, 50), frames(1, 3, 40, 50)]
    with pytest.raises(ValueError, match=r"2 came as 'img': set batch_size=1 in test_dataloader"):
        preprocessor(raw_data(img=two), False)


def test_mean_and_std_are_needed() -> None:
    with pytest.raises(TypeError, match=r"missing .* arguments: 'mean' and 'std'"):
        CropDataPreprocessor(bgr_to_rgb=True)


@pytest.mark.parametrize('option', ['pad_size_divisor', 'batch_augments'])
def test_padding_and_mixing_are_refused(option: str) -> None:
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{option}'"):
        CropDataPreprocessor(mean=MEAN, std=STD, **{option: 32})
