"""Text of files that people made on any system: encodings, byte order marks, line ends."""

import codecs
import re
from typing import List

_BYTE_ORDER_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, 'utf-32'),
    (codecs.BOM_UTF32_BE, 'utf-32'),
    (codecs.BOM_UTF16_LE, 'utf-16'),
    (codecs.BOM_UTF16_BE, 'utf-16'),
)


def decode_text(content: bytes, source: str, expected: str) -> str:
    """Decode UTF-8, or UTF-16 and UTF-32 as Windows programs save them.

    Byte order mark, blank lines at the end and the end-of-file mark of DOS (Ctrl-Z) are dropped.

    Raises:
        ValueError: If the content is no text; the message names ``source`` and what is expected.
    """
    encoding = _encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f'{source}: not a text file; expected {expected}') from error
    # Binary data may pass for UTF-16, but then hardly holds a character of ASCII.
    is_binary = encoding != 'utf-8-sig' and text and not re.search(r'[\x20-\x7e]', text)
    if '\0' in text or is_binary:
        raise ValueError(f'{source}: not a text file; expected {expected}')
    return re.sub(r'[\s\x1a]+\Z', '', text)


def split_lines(text: str) -> List[str]:
    r"""Split text at line ends of any system, ``\r\r\n`` of a double conversion among them."""
    return re.split(r'\r*\n|\r', text)


def _encoding(content: bytes) -> str:
    """Name of the encoding, by the byte order mark or by the place of the zero bytes."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return encoding
    if len(content) > 1 and len(content) % 2 == 0:
        if content[0] and not content[1]:
            return 'utf-16-le'
        if content[1] and not content[0]:
            return 'utf-16-be'
    return 'utf-8-sig'
