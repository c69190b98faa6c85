import random
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.fileio import BaseStorageBackend, FileClient, register_backend
from mmtrack.datasets.transforms import BrightnessAug, SeqCropLikeStark

from mmeatrack.datasets import CropBrightness, LoadFrame, NearSampling, SeqCrop
from mmeatrack.files.image_file import read_image
from mmeatrack.registry import TRANSFORMS
from mmeatrack.structures import CropWindow, crop_image


def load(path: Path) -> dict:
    return LoadFrame().transform(dict(img_path=str(path)))


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'bmp'])
def test_loads_an_image(tmp_path: Path, image: np.ndarray, suffix: str) -> None:
    path = tmp_path / f'1.{suffix}'
    cv2.imwrite(str(path), image)

    results = load(path)

    np.testing.assert_array_equal(results['img'], cv2.imread(str(path)))
    assert results['img_shape'] == results['ori_shape'] == (40, 60)


def test_one_channel_becomes_three(tmp_path: Path, image: np.ndarray) -> None:
    path = tmp_path / '1.png'
    cv2.imwrite(str(path), image[..., 0])

    loaded = load(path)['img']

    np.testing.assert_array_equal(loaded, np.repeat(image[..., :1], 3, axis=2))


@pytest.mark.parametrize('suffix', ['jpg', 'png'])
def test_truncated_file_is_refused(tmp_path: Path, image: np.ndarray, suffix: str) -> None:
    path = tmp_path / f'1.{suffix}'
    cv2.imwrite(str(path), image)
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(ValueError, match=rf'1\.{suffix}: the image is truncated'):
        load(path)


def test_bytes_after_the_end_are_ignored(tmp_path: Path, image: np.ndarray) -> None:
    path = tmp_path / '1.jpg'
    cv2.imwrite(str(path), image)
    path.write_bytes(path.read_bytes() + bytes(5000))

    np.testing.assert_array_equal(load(path)['img'], read_image(path))


@pytest.mark.parametrize('content', [b'', b'no image at all'])
def test_other_content_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / '1.jpg'
    path.write_bytes(content)

    with pytest.raises(
        ValueError,
        match=rf'1\.jpg: the image .* \({len(content)} bytes\)|1\.jpg: the image file is empty',
    ):
        load(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'7\.jpg: the frame is missing'):
        load(tmp_path / '7.jpg')


class MemoryBackend(BaseStorageBackend):
    """Files in a dict, as a stand-in for an object store."""

    content: dict = {}

    def get(self, filepath: str) -> bytes:
        if filepath not in self.content:
            raise FileNotFoundError(filepath)
        return self.content[filepath]

    def get_text(self, filepath: str) -> str:
        raise NotImplementedError


register_backend('toy_memory', MemoryBackend, force=True, prefixes='toys3')
FileClient.register_backend('toy_memory', MemoryBackend, force=True)


@pytest.mark.parametrize(
    'arguments', [dict(backend_args=dict(backend='toy_memory')), dict(), 'file_client_args']
)
def test_frame_is_read_from_the_storage_backend(image: np.ndarray, arguments: Any) -> None:
    if arguments == 'file_client_args':
        with pytest.warns(DeprecationWarning, match='backend_args'):
            loader = LoadFrame(file_client_args=dict(backend='toy_memory'))
    else:
        loader = LoadFrame(**arguments)
    content = cv2.imencode('.png', image)[1].tobytes()
    MemoryBackend.content = {'toys3://a/1.png': content, 'toys3://a/2.png': content[:-30]}

    loaded = loader.transform(dict(img_path='toys3://a/1.png'))

    np.testing.assert_array_equal(loaded['img'], image)
    with pytest.raises(ValueError, match=r'toys3://a/2\.png: the image is truncated'):
        loader.transform(dict(img_path='toys3://a/2.png'))
    with pytest.raises(FileNotFoundError, match=r'toys3://a/3\.png: the frame is missing'):
        loader.transform(dict(img_path='toys3://a/3.png'))


def test_mmcvs_arguments_take_effect(tmp_path: Path, image: np.ndarray) -> None:
    path = tmp_path / '1.png'
    cv2.imwrite(str(path), image)

    loaded = LoadFrame(to_float32=True, color_type='grayscale').transform(dict(img_path=str(path)))

    assert (loaded['img'].dtype, loaded['img'].shape) == (np.float32, (40, 60))
    with pytest.raises(ValueError, match='ignore_empty=True has no meaning'):
        LoadFrame(ignore_empty=True)


def sampling(max_template_range: int = 15, max_frame_range: int = 8) -> NearSampling:
    built = TRANSFORMS.build(
        dict(
            type='mmeatrack.NearSampling',
            max_template_range=max_template_range,
            num_search_frames=1,
            num_template_frames=2,
            max_frame_range=[max_frame_range],
        )
    )
    built.is_video_data = True
    return built


def draws(built: NearSampling, visibility: np.ndarray, count: int = 2000) -> np.ndarray:
    random.seed(0)
    return np.array([built.sampling_frames(visibility) for _ in range(count)])


def test_frames_lie_in_range_and_in_order() -> None:
    visible = np.ones(60, bool)
    first, second, search = draws(sampling(), visible).T
    assert np.abs(first - search).max() == 15
    assert np.abs(second - search).max() == 8
    # The second template lies on the first one's side and not beyond it, unless they coincide.
    differ = first != search
    assert np.all((np.sign(second - search) * np.sign(first - search))[differ] >= 0)
    assert np.all((np.abs(second - search) <= np.abs(first - search))[differ])
    # The whole video is drawn, including its ends.
    assert set(search) == set(range(60))
    assert {first.min(), first.max()} == {0, 59}
    assert 0.4 < np.mean(first < search) < 0.6


def test_hidden_frames_are_not_drawn() -> None:
    visible = np.arange(60) % 10 == 3
    frames = draws(sampling(5, 5), visible, 200)
    assert set(frames.ravel()) == set(np.flatnonzero(visible))
    # Visible frames are 10 apart: all three coincide.
    assert np.all(frames == frames[:, :1])


def test_still_images_are_sampled_as_in_mmtrack() -> None:
    built = sampling()
    built.is_video_data = False
    assert built.sampling_frames(np.ones(1, bool)) == [0, 0, 0]


def test_wrong_arguments_of_near_sampling_are_refused() -> None:
    with pytest.raises(ValueError, match='max_template_range=0 must be at least 1'):
        sampling(0)
    with pytest.raises(ValueError, match='leave out num_search_frames=2 and num_template_frames=3'):
        NearSampling(9, num_search_frames=2, num_template_frames=3, max_frame_range=[8, 8])


def test_brightness_equals_mmtracks_rounded_to_uint8(image: np.ndarray) -> None:
    bright = {}
    for kind in (BrightnessAug, CropBrightness):
        np.random.seed(3)
        bright[kind] = [kind(jitter_range=0.6).transform(dict(img=image))['img'] for _ in range(5)]
    for ours, theirs in zip(bright[CropBrightness], bright[BrightnessAug]):
        assert ours.dtype == np.uint8
        assert np.abs(ours - theirs).max() <= 0.5
    assert len({float(each.mean()) for each in bright[CropBrightness]}) == 5


# Crops


def crop(transform: type, image: np.ndarray, box: list, factor: float = 4.0, size: int = 16):
    box = np.array(box, np.float32)
    return transform([factor], [size]).crop_like_stark(image, box, factor, size)


# In the image; over each edge; ending at its last pixel; wider than it.
BOXES = [
    [25, 15, 34, 24],
    [1, 2, 9, 9],
    [51, 15, 59.3, 24],
    [20, 33, 28, 39],
    [48, 28, 52, 32],
    [0, 0, 60, 40],
]


@pytest.mark.parametrize('box', BOXES)
def test_training_crop_equals_the_test_crop(image: np.ndarray, box: list) -> None:
    ours, scale, outside = crop(SeqCrop, image, box)

    x1, y1, x2, y2 = (float(np.float32(side)) for side in box)
    window = CropWindow.around(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1), 4.0)
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None]
    expected = crop_image(tensor, window, 16)[0].permute(1, 2, 0).numpy()
    assert np.abs(ours - expected).max() <= 1.0  # the resize in 8 bits
    assert scale == 16 / window.size
    shown = np.pad(np.ones((40, 60)), 200)
    rows, columns = slice(window.y1 + 200, None), slice(window.x1 + 200, None)
    part = shown[rows, columns][: window.size, : window.size]
    np.testing.assert_array_equal(outside, cv2.resize(1 - part, (16, 16)) > 0)


def test_crop_inside_the_image_equals_mmtracks(image: np.ndarray) -> None:
    ours, theirs = (crop(kind, image, BOXES[0]) for kind in (SeqCrop, SeqCropLikeStark))
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert ours[1] == theirs[1]
    np.testing.assert_array_equal(ours[2], theirs[2])


def test_mmtracks_crop_loses_the_last_column(image: np.ndarray) -> None:
    image = np.full_like(image, 255)
    ours, theirs = (crop(kind, image, BOXES[2], size=40)[0] for kind in (SeqCrop, SeqCropLikeStark))
    lit = [(kind > 127).any(axis=(0, 2)).sum() for kind in (ours, theirs)]
    assert lit[0] > lit[1]


def test_crop_outside_the_image_is_black(image: np.ndarray) -> None:
    pixels, _, outside = crop(SeqCrop, image, [200, 100, 210, 110])
    assert pixels.max() == 0
    assert outside.all()
