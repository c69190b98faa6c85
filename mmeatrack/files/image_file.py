"""Reading of one image, which truncated files never pass."""

import warnings
import zlib
from pathlib import Path
from typing import Callable, Optional, Union

import cv2
import numpy as np

from mmeatrack.files.content import read_file

_JPEG_START, _JPEG_END, _JPEG_FILL = 0xD8, 0xD9, 0xFF
_JPEG_WITHOUT_LENGTH = {0x00, 0x01, *range(0xD0, 0xD8)}  # 0xff in data, TEM, restarts
_PNG_START = b'\x89PNG\r\n\x1a\n'
_PNG_BIT_DEPTH = 24  # position: after the signature and the chunk's length, name, width and height
_DARKEST_QUARTER = 64  # bound of what the upper 8 of 16 bits hold of a sensor of 10, 12 or 14 bits


def read_image(path: Union[str, Path]) -> np.ndarray:
    """Read an image as :func:`decode_image` does; FileNotFoundError if there is no such file."""
    return decode_image(read_file(path, 'image'), str(path))


def decode_image(
    content: bytes, source: str, decoder: Optional[Callable[[bytes], Optional[np.ndarray]]] = None
) -> np.ndarray:
    """Decode the content of an image file.

    A JPEG must extend to its end marker and a PNG to its last chunk; what follows is ignored. Many
    decoders silently fill the missing part of a truncated image with grey.

    By default, OpenCV decodes to colour: a single channel is repeated three times, transparency is
    dropped, and of 16 bits the upper 8 are kept, with a warning if these are almost empty.

    Args:
        content: The bytes of the file.
        source: The file's name, for messages.
        decoder: Function to use instead, which returns None if it cannot decode the bytes.

    Returns:
        The image, by default (H, W, 3), uint8, BGR.

    Raises:
        ValueError: If it is not an image, or is truncated.
    """
    if not content:
        raise ValueError(f'{source}: the image file is empty. Copy or unpack it again.')
    is_complete = True  # of other types, whose decoders report truncation
    if content.startswith(b'\xff\xd8'):
        is_complete = _jpeg_is_complete(content)
    elif content.startswith(_PNG_START):
        is_complete = _png_is_complete(content)
    image = (decoder or _decode_colour)(content) if is_complete else None
    if image is None:
        raise ValueError(
            f'{source}: the image is truncated or damaged, or its type is unknown '
            f'({len(content)} bytes). Copy or unpack it again.'
        )
    _warn_if_dark(content, image, source)
    return image


def _decode_colour(content: bytes) -> Optional[np.ndarray]:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)


def _jpeg_is_complete(content: bytes) -> bool:
    """Walk from marker to marker, so that the end of a thumbnail in a segment does not count."""
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
        if marker == _JPEG_FILL:
            position += 1
        elif marker in _JPEG_WITHOUT_LENGTH:
            position += 2
        else:
            position += 2 + int.from_bytes(content[position + 2 : position + 4], 'big')


def _png_is_complete(content: bytes) -> bool:
    """Walk from chunk to chunk; those that hold the image must match their checksum."""
    position = len(_PNG_START)
    while position + 12 <= len(content):
        end = position + 8 + int.from_bytes(content[position : position + 4], 'big')
        name = content[position + 4 : position + 8]
        checksum = zlib.crc32(content[position + 4 : end]).to_bytes(4, 'big')
        is_critical = name[:1].isupper()
        if end + 4 > len(content) or (is_critical and checksum != content[end : end + 4]):
            return False
        if name == b'IEND':
            return True
        position = end + 4
    return False


def _warn_if_dark(content: bytes, image: np.ndarray, source: str) -> None:
    """Warn of a 16-bit PNG that does not use the upper bits; Python shows equal warnings once."""
    is_16_bit = content.startswith(_PNG_START) and content[_PNG_BIT_DEPTH] == 16
    if not is_16_bit or image.dtype != np.uint8 or image.max() >= _DARKEST_QUARTER:
        return
    whole = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    bits = 0 if whole is None else int(whole.max()).bit_length()
    if bits:  # a black frame says nothing
        warnings.warn(
            f'{Path(source).parent}: 16-bit PNG files that use {bits} bits. The upper 8 of 16 are '
            f'read, so frames are nearly black. Convert them: multiply by {2 ** (16 - bits)}.',
            stacklevel=3,
        )
