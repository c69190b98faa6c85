from pathlib import Path

import cv2
import numpy as np
import pytest

from mmeatrack.datasets import LoadFrame


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


def test_bytes_after_the_end_do_no_harm(tmp_path: Path, image: np.ndarray) -> None:
    path = tmp_path / '1.jpg'
    cv2.imwrite(str(path), image)
    path.write_bytes(path.read_bytes() + bytes(100))

    assert load(path)['img'].shape == (40, 60, 3)


@pytest.mark.parametrize('content', [b'', b'no image at all'])
def test_other_content_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / '1.jpg'
    path.write_bytes(content)

    with pytest.raises(ValueError, match=f'{len(content)} bytes that are no image'):
        load(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'7\.jpg: the frame is missing'):
        load(tmp_path / '7.jpg')
