"""Names of sequences: by their annotation files, image folders and data samples."""

import os
import re
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Union

FOLDER_BOX_FILES = ('groundtruth_rect.txt', 'groundtruth.txt')

# Folders within a sequence's own, whose names say nothing about it.
_IMAGE_FOLDERS = ('img', 'color')

_NUMBERED = r'(?:[._-]?(\d+))?'  # groundtruth_rect.1.txt: a target of several


def annotation_files(
    folder: Union[str, Path], box_files: Sequence[str] = FOLDER_BOX_FILES
) -> Dict[str, Path]:
    """Find the annotation files of a sequence's folder, one for each target.

    OTB numbers the files of a video with two targets. They are two sequences, named as OTB names
    them: ``Jogging/groundtruth_rect.1.txt`` is ``Jogging-1``.

    Returns:
        Annotation files by the sequence's name, in the order of their numbers. Empty if there is
        none.
    """
    folder = Path(folder)
    for box_file in box_files:
        stem, suffix = Path(box_file).stem, Path(box_file).suffix
        pattern = re.compile(re.escape(stem) + _NUMBERED + re.escape(suffix), re.IGNORECASE)
        found = [(pattern.fullmatch(path.name), path) for path in folder.iterdir()]
        numbered = {match[1] or '': path for match, path in found if match and path.is_file()}
        if len(numbered) > 1 and '' in numbered:
            _drop_copy(numbered)
        if numbered:
            return {
                f'{folder.name}-{number}' if number else folder.name: path
                for number, path in sorted(numbered.items(), key=lambda item: int(item[0] or 0))
            }
    return {}


def _drop_copy(numbered: Dict[str, Path]) -> None:
    """Drop the file without a number if it is a copy of one with a number."""
    content = numbered[''].read_bytes()
    if any(path.read_bytes() == content for number, path in numbered.items() if number):
        del numbered['']


def name_by_annotation(path: Union[str, Path]) -> Optional[str]:
    """Name of a sequence by an annotation file of its own folder.

    Returns:
        ``Jogging-1`` for ``Jogging/groundtruth_rect.1.txt``; None if the file bears a name that
        tells the sequence itself.
    """
    path = Path(path)
    match = re.fullmatch(r'groundtruth(?:_rect)?' + _NUMBERED, path.stem, re.IGNORECASE)
    if match is None:
        return None
    return f'{path.parent.name}-{match[1]}' if match[1] else path.parent.name


def name_by_folder(image_folder: Union[str, Path]) -> str:
    """Name of a sequence by its folder of images, or by the one above if that is ``img``."""
    folder = Path(os.path.abspath(image_folder))
    return folder.parent.name if folder.name.lower() in _IMAGE_FOLDERS else folder.name


def name_of_sample(info: Mapping[str, Any]) -> str:
    """Name of a test frame's sequence, by the meta information of its data sample.

    Returns:
        The dataset's name, ``seq_name``. For datasets that do not give it, the name of the image
        folder and the number of the sequence, as several sequences may be parts of one folder.
    """
    if 'seq_name' in info:
        return str(info['seq_name'])
    folder = name_by_folder(Path(info['img_path']).parent) if 'img_path' in info else 'sequence'
    return f'{folder}-{info.get("video_id", 0):04d}'
