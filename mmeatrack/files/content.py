"""Contents of files that people made on any system: encodings, byte order marks, line ends."""

import codecs
import re
from pathlib import Path
from typing import List, Union


def read_file(path: Union[str, Path], kind: str) -> bytes:
    """Read a file whole; FileNotFoundError names the path and the ``kind`` of file expected."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such {kind} file; check the path')
    return path.read_bytes()


def decode_lines(content: bytes, source: str, expected: str) -> List[str]:
    r"""Decode text and split it into lines.

    UTF-8 is read, as are UTF-16 and UTF-32 as Windows programs save them, with the line ends of any
    system, including the ``\r\r\n`` of a double conversion. Byte order mark, trailing blank lines
    and the end-of-file mark of DOS (Ctrl-Z) are dropped.

    Returns:
        At least one line, which is empty if the file is.

    Raises:
        ValueError: If the content is not text; the message names ``source`` and what is expected.
    """
    encoding = _encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = '\0'
    # Binary data may decode as UTF-16, but then contains hardly any ASCII characters.
    is_binary = encoding != 'utf-8-sig' and text and not re.search(r'[\x20-\x7e]', text)
    if '\0' in text or is_binary:
        raise ValueError(f'{source}: not a text file; expected {expected}')
    # No pattern may backtrack over a long run: an untrusted file may consist of blanks.
    return re.split(r'\r{0,3}\n|\r', text.rstrip().rstrip('\x1a').rstrip())


def _encoding(content: bytes) -> str:
    """Name of the encoding, by the byte order mark or by the position of the zero bytes."""
    # UTF-32 first: its marks begin with those of UTF-16.
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return 'utf-32'
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return 'utf-16'
    if len(content) > 1 and len(content) % 2 == 0:
        if content[0] and not content[1]:
            return 'utf-16-le'
        if content[1] and not content[0]:
            return 'utf-16-be'
    return 'utf-8-sig'
