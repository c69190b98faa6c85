"""Reading of one image, whole or not at all: the one rule for truncated images."""

import struct
import warnings
import zlib
from pathlib import Path
from typing import Callable, Optional, Union

import cv2
import numpy as np

_JPEG_START, _JPEG_END, _JPEG_TEMPORARY = 0xD8, 0xD9, 0x01
_JPEG_WITHIN_DATA = {0x00, *range(0xD0, 0xD8)}  # behind 0xff: a coded 0xff, and restart markers
_PNG_START = b'\x89PNG\r\n\x1a\n'
_PNG_BIT_DEPTH = 24  # its position: behind the signature, two fields of the chunk, width and height
# Sensors of 10, 12 and 14 bits; all that an 8-bit image keeps of them lies below this value.
_DARKEST_QUARTER = 64


def read_image(path: Union[str, Path]) -> np.ndarray:
    """Read an image file as (H, W, 3), uint8, BGR; see :func:`decode_image`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image or a truncated one.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such image file. Is the path right?')
    return decode_image(path.read_bytes(), str(path))


def decode_image(
    content: bytes, source: str, decoder: Optional[Callable[[bytes], Optional[np.ndarray]]] = None
) -> np.ndarray:
    """Decode the content of an image file.

    A JPEG must go on to its end marker and a PNG to its last chunk; what follows is passed over.
    Many decoders fill the missing part of a truncated image with grey, and say nothing.

    By default, images of one channel get three equal ones, transparency is dropped, and of 16 bits
    the upper 8 are kept, with a warning where these hold next to nothing.

    Args:
        content: The bytes of the file.
        source: The file's name, for messages.
        decoder: Function that turns the bytes into an image, or None where it cannot, in place of
            OpenCV's for colour images.

    Returns:
        The image, by default (H, W, 3), uint8, BGR.

    Raises:
        ValueError: If it is no image or a truncated one.
    """
    if not content:
        raise ValueError(f'{source}: the image file is empty. Copy or unpack it again.')
    image = None
    if _is_complete(content):
        pixels = np.frombuffer(content, np.uint8)
        image = cv2.imdecode(pixels, cv2.IMREAD_COLOR) if decoder is None else decoder(content)
    if image is None:
        raise ValueError(
            f'{source}: the image is truncated or damaged, or its type is unknown '
            f'({len(content)} bytes). Copy or unpack it again.'
        )
    _warn_if_dark(content, image, source)
    return image


def _is_complete(content: bytes) -> bool:
    """True if a JPEG or PNG goes on to its end, and for other types, whose decoders tell."""
    if content.startswith(b'\xff\xd8'):
        return _jpeg_is_complete(content)
    if content.startswith(_PNG_START):
        return _png_is_complete(content)
    return True


def _jpeg_is_complete(content: bytes) -> bool:
    """Walk from marker to marker: a thumbnail's end, within a segment, is not the image's."""
    position = 2
    while True:
        position = content.find(b'\xff', position)
        if not 0 <= position < len(content) - 1:
            return False
        marker = content[position + 1]
        if marker == _JPEG_END:
            return True
        if marker == _JPEG_START:
            return False  # the next image begins before this one ended
        if marker == 0xFF:  # a fill byte
            position += 1
        elif marker in _JPEG_WITHIN_DATA or marker == _JPEG_TEMPORARY:
            position += 2
        else:
            position += 2 + int.from_bytes(content[position + 2 : position + 4], 'big')


def _png_is_complete(content: bytes) -> bool:
    """Walk from chunk to chunk; those that hold the image must have their check sum."""
    position = len(_PNG_START)
    while position + 12 <= len(content):
        (length,) = struct.unpack_from('>I', content, position)
        end = position + 8 + length
        name = content[position + 4 : position + 8]
        if end + 4 > len(content):
            return False
        is_critical = name[:1].isupper()
        stored = int.from_bytes(content[end : end + 4], 'big')
        if is_critical and zlib.crc32(content[position + 4 : end]) != stored:
            return False
        if name == b'IEND':
            return True
        position = end + 4
    return False


def _warn_if_dark(content: bytes, image: np.ndarray, source: str) -> None:
    """Warn of a 16-bit PNG whose values do not use the upper bits; once for each folder."""
    is_16_bit = content.startswith(_PNG_START) and content[_PNG_BIT_DEPTH] == 16
    if not is_16_bit or image.dtype != np.uint8 or image.max() >= _DARKEST_QUARTER:
        return
    whole = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    bits = 0 if whole is None else int(whole.max()).bit_length()
    if not bits:
        return  # a black frame says nothing
    # Python shows a warning of the same text once.
    warnings.warn(
        f'{Path(source).parent}: 16-bit PNG files that use {bits} bits. The upper 8 of 16 are '
        f'read, so that frames are nearly black. Convert them: multiply by {2 ** (16 - bits)}.',
        stacklevel=3,
    )
