import cv2
import numpy as np
import pytest

from mmeatrack.apis import read_image


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


@pytest.mark.parametrize('suffix', ['.png', '.bmp'])
def test_lossless_image_comes_back(tmp_path, image, suffix):
    path = tmp_path / f'a{suffix}'
    cv2.imwrite(str(path), image)
    assert np.array_equal(read_image(path), image)


def test_jpeg_comes_back_as_opencv_reads_it(tmp_path, image):
    path = tmp_path / 'a.jpg'
    cv2.imwrite(str(path), image)
    assert np.array_equal(read_image(path), cv2.imread(str(path)))


def test_one_channel_becomes_three_equal_ones(tmp_path, image):
    path = tmp_path / 'grey.png'
    cv2.imwrite(str(path), image[..., 0])
    assert np.array_equal(read_image(path), np.repeat(image[..., :1], 3, axis=2))


def test_alpha_is_dropped(tmp_path, image):
    path = tmp_path / 'alpha.png'
    cv2.imwrite(str(path), np.dstack((image, image[..., 0])))
    assert np.array_equal(read_image(path), image)


# A few bytes less: decoders fill in the rest of such a JPEG with grey.
@pytest.mark.parametrize('cut', [10, 300, 0.5])
@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp'])
def test_truncated_image_is_refused_by_name(tmp_path, image, suffix, cut):
    path = tmp_path / f'00007{suffix}'
    cv2.imwrite(str(path), image)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut) if cut < 1 else -cut])
    with pytest.raises(ValueError, match=rf'00007\{suffix}: the image is truncated'):
        read_image(path)


def test_jpeg_that_lacks_its_end_only_is_refused(tmp_path):
    path = tmp_path / 'flat.jpg'
    cv2.imwrite(str(path), np.full((64, 64, 3), 128, np.uint8))
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(ValueError, match='truncated'):
        read_image(path)


def test_jpeg_with_bytes_after_its_end_is_read(tmp_path, image):
    path = tmp_path / 'a.jpg'
    cv2.imwrite(str(path), image)
    expected = read_image(path)
    path.write_bytes(path.read_bytes() + b'\0' * 100)
    assert np.array_equal(read_image(path), expected)


def test_what_is_no_image_is_refused(tmp_path):
    text, empty = tmp_path / 'a.jpg', tmp_path / 'b.jpg'
    text.write_text('not an image')
    empty.touch()
    with pytest.raises(ValueError, match=r'a\.jpg'):
        read_image(text)
    with pytest.raises(ValueError, match=r'b\.jpg: the image file is empty'):
        read_image(empty)
    with pytest.raises(FileNotFoundError, match=r'c\.jpg: no such image'):
        read_image(tmp_path / 'c.jpg')
