import struct
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmeatrack.files.image_file import decode_image, read_image


def encoded(suffix: str, image: np.ndarray, *parameters: int) -> bytes:
    return cv2.imencode(suffix, image, parameters)[1].tobytes()


def grey(content: bytes) -> np.ndarray:
    """A decoder that accepts anything, as those of many libraries."""
    return np.full((40, 60, 3), 128, np.uint8)


def with_thumbnail(jpeg: bytes, thumbnail: bytes) -> bytes:
    """Put a whole JPEG into an APP1 segment, as cameras do."""
    segment = b'Exif\0\0' + thumbnail
    return jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(segment) + 2) + segment + jpeg[2:]


def png_chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack('>I', len(content))
        + name
        + content
        + struct.pack('>I', zlib.crc32(name + content))
    )


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


FORMS = {
    'png': ('.png', lambda image: image),
    'bmp': ('.bmp', lambda image: image),
    'grey': ('.png', lambda image: image[..., 0]),
    'alpha': ('.png', lambda image: np.dstack((image, image[..., 0]))),
    'jpg': ('.jpg', lambda image: image),
}


@pytest.mark.parametrize('form', FORMS)
def test_image_comes_back_in_colour(tmp_path, image, form):
    suffix, convert = FORMS[form]
    path = tmp_path / f'a{suffix}'
    cv2.imwrite(str(path), convert(image))
    found = read_image(path)
    assert np.array_equal(found, cv2.imread(str(path)))
    if form != 'jpg':  # lossless
        assert np.array_equal(found, image[..., [0] * 3] if form == 'grey' else image)


# Of a JPEG that lacks a few bytes, decoders fill the rest with grey.
@pytest.mark.parametrize('cut', [10, 300, 0.5])
@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp'])
def test_truncated_image_is_refused_by_name(tmp_path, image, suffix, cut):
    path = tmp_path / f'00007{suffix}'
    cv2.imwrite(str(path), image)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut) if cut < 1 else -cut])
    with pytest.raises(ValueError, match=rf'00007\{suffix}: the image is truncated'):
        read_image(path)


def test_jpeg_without_its_end_marker_is_refused(tmp_path):
    path = tmp_path / 'flat.jpg'
    cv2.imwrite(str(path), np.full((64, 64, 3), 128, np.uint8))
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(ValueError, match='truncated'):
        read_image(path)


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
@pytest.mark.parametrize('trailer', [b'\0' * 100, b'\0' * 70000, b'\xff\xd8' * 3000, b'IEND'])
def test_bytes_after_the_end_are_ignored(image, suffix, trailer):
    content = encoded(suffix, image)
    assert np.array_equal(decode_image(content + trailer, 'a'), decode_image(content, 'a'))


@pytest.mark.parametrize('kind', ['baseline', 'progressive', 'restart markers', 'fill bytes'])
def test_jpeg_of_any_structure_is_refused_if_truncated(image, kind):
    parameters = {
        'progressive': (cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        'restart markers': (cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
    }
    content = encoded('.jpg', image, *parameters.get(kind, ()))
    if kind == 'fill bytes':
        content = content[:-2] + b'\xff\xff\xff\xd9'
    assert decode_image(content, 'a').shape == image.shape
    for length in (len(content) // 2, len(content) - 20):
        for rest in (b'', b'\0' * 9000):  # a file whose end was not copied may be full of zeros
            with pytest.raises(ValueError, match='a: the image is truncated'):
                decode_image(content[:length] + rest, 'a', grey)


def test_end_of_a_thumbnail_is_not_that_of_the_image(image):
    content = with_thumbnail(encoded('.jpg', image), encoded('.jpg', image[::4, ::4]))
    assert np.array_equal(decode_image(content, 'a'), decode_image(encoded('.jpg', image), 'a'))
    for cut in (2, 300, len(content) - 500):
        with pytest.raises(ValueError, match='a: the image is truncated'):
            decode_image(content[:-cut], 'a', grey)


def test_end_of_the_next_image_is_not_that_of_the_first(image):
    content = encoded('.jpg', image)
    with pytest.raises(ValueError, match='truncated'):
        decode_image(content[: len(content) // 2] + content, 'a', grey)
    assert np.array_equal(decode_image(content + content, 'a'), decode_image(content, 'a'))


def test_iend_within_another_chunk_is_not_the_end(image):
    content = encoded('.png', image)
    text = png_chunk(b'tEXt', b'Comment\0' + png_chunk(b'IEND', b''))
    content = content[:33] + text + content[33:]  # after the header
    assert np.array_equal(decode_image(content, 'a'), image)
    for length in (33 + len(text), len(content) // 2, len(content) - 1):
        with pytest.raises(ValueError, match='truncated'):
            decode_image(content[:length], 'a', grey)


def test_png_with_a_wrong_byte_is_refused(image):
    content = bytearray(encoded('.png', image))
    content[len(content) // 2] ^= 16
    with pytest.raises(ValueError, match='truncated or damaged'):
        decode_image(bytes(content), 'a')


@pytest.mark.parametrize(('bits', 'factor'), [(8, 256), (10, 64), (12, 16), (14, 4)])
def test_unused_upper_bits_of_a_16_bit_png_raise_a_warning(tmp_path: Path, image, bits, factor):
    values = image[..., 0].astype(np.uint16) << bits >> 8
    values[0, 0] = 2**bits - 1
    cv2.imwrite(str(tmp_path / '1.png'), values)
    with pytest.warns(UserWarning, match=rf'16-bit PNG files that use {bits} bits.* by {factor}\.'):
        read = read_image(tmp_path / '1.png')
    assert np.array_equal(read[..., 0], values >> 8)


def test_full_range_of_a_16_bit_png_raises_no_warning(tmp_path: Path, image):
    cv2.imwrite(str(tmp_path / '1.png'), image.astype(np.uint16) * 257)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert np.array_equal(read_image(tmp_path / '1.png'), image)


def test_decoder_is_called_for_complete_images_only(image):
    content = encoded('.jpg', image)
    assert decode_image(content, 'a', decoder=lambda _: image[..., 0]).shape == (40, 60)
    with pytest.raises(ValueError, match='truncated'):
        decode_image(content[:-9], 'a', decoder=lambda _: image)


def test_file_that_is_not_an_image_is_refused(tmp_path):
    text, empty = tmp_path / 'a.jpg', tmp_path / 'b.jpg'
    text.write_text('not an image')
    empty.touch()
    with pytest.raises(ValueError, match=r'a\.jpg'):
        read_image(text)
    with pytest.raises(ValueError, match=r'b\.jpg: the image file is empty'):
        read_image(empty)
    with pytest.raises(FileNotFoundError, match=r'c\.jpg: no such image'):
        read_image(tmp_path / 'c.jpg')
