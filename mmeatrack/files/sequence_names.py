"""Names of sequences: by their annotation files, image folders and data samples."""

import os
import re
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Union

FOLDER_BOX_FILES = ('groundtruth_rect.txt', 'groundtruth.txt')
_IMAGE_FOLDERS = ('img', 'color')  # within a sequence's folder
_NUMBERED = r'(?:[._-]?(\d+))?'  # groundtruth_rect.1.txt: a target of several


def annotation_files(
    folder: Union[str, Path], box_files: Sequence[str] = FOLDER_BOX_FILES
) -> Dict[str, Path]:
    """Find the annotation files in a sequence's folder, one for each target.

    OTB numbers the files of a video with two targets. They are two sequences, named as OTB names
    them: ``Jogging/groundtruth_rect.1.txt`` is ``Jogging-1``. A file without a number that is a
    copy of one with a number is not a third.

    Returns:
        Annotation files by the sequence's name, in the order of their numbers.
    """
    folder = Path(folder)
    for box_file in map(Path, box_files):
        pattern = re.escape(box_file.stem) + _NUMBERED + re.escape(box_file.suffix)
        match_name = re.compile(pattern, re.IGNORECASE).fullmatch
        matches = [(match_name(path.name), path) for path in folder.iterdir()]
        numbered = {match[1] or '': path for match, path in matches if match and path.is_file()}
        plain = numbered.pop('', None)
        found = {f'{folder.name}-{each}': numbered[each] for each in sorted(numbered, key=int)}
        if plain and plain.read_bytes() not in [path.read_bytes() for path in found.values()]:
            found = {folder.name: plain, **found}
        if found:
            return found
    return {}


def name_by_annotation(path: Union[str, Path]) -> Optional[str]:
    """Name of a sequence by an annotation file in its folder.

    It is ``Jogging-1`` for ``Jogging/groundtruth_rect.1.txt``, and None for ``bird1_1.txt``, a file
    with a name of its sequence.
    """
    path = Path(path)
    match = re.fullmatch(r'groundtruth(?:_rect)?' + _NUMBERED, path.stem, re.IGNORECASE)
    if match is None:
        return None
    return f'{path.parent.name}-{match[1]}' if match[1] else path.parent.name


def name_by_folder(image_folder: Union[str, Path]) -> str:
    """Name of a sequence by its image folder, or by the parent if that is ``img`` or ``color``."""
    folder = Path(os.path.abspath(image_folder))
    return folder.parent.name if folder.name.lower() in _IMAGE_FOLDERS else folder.name


def name_of_sample(info: Mapping[str, Any]) -> str:
    """Name of a test frame's sequence, by the meta information of its data sample.

    Datasets without ``seq_name`` get the name of the image folder and the number of the sequence,
    because several sequences may be parts of one folder.
    """
    if 'seq_name' in info:
        return str(info['seq_name'])
    folder = name_by_folder(Path(info['img_path']).parent) if 'img_path' in info else 'sequence'
    return f'{folder}-{info.get("video_id", 0):04d}'
