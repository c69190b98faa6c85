"""Reading of one image file, whole or not at all."""

from pathlib import Path
from typing import Union

import cv2
import numpy as np

_PNG_END = b'IEND\xaeB`\x82'


def read_image(path: Union[str, Path]) -> np.ndarray:
    """Read an image file.

    Images of one channel get three equal ones; transparency is dropped; 16 bits become 8.

    Args:
        path: A JPEG, PNG, BMP or other image file.

    Returns:
        The image (H, W, 3), uint8, BGR.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image or a truncated one.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such image file. Is the path right?')
    content = path.read_bytes()
    if not content:
        raise ValueError(f'{path}: the image file is empty. Copy or unpack it again.')
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    # The decoder fills the missing part of a truncated JPEG with grey and says nothing.
    if image is None or not _is_complete(content):
        raise ValueError(
            f'{path}: the image is truncated or damaged, or its type is unknown '
            f'({len(content)} bytes). Copy or unpack it again.'
        )
    return image


def _is_complete(content: bytes) -> bool:
    """Tell whether a JPEG or PNG goes on to its end; true for other types."""
    if content.startswith(b'\xff\xd8'):
        # Neither marker can occur within the coded data, so the end must follow the last start.
        return content.rfind(b'\xff\xd9') > content.rfind(b'\xff\xda')
    if content.startswith(b'\x89PNG'):
        return _PNG_END in content[-64:]
    return True
