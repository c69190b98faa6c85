"""Folder of an exported tracker: graphs, and the metadata that their use takes."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Union

from mmeatrack.files.atomic import write_atomically
from mmeatrack.tracking import (
    CalibratedConfidence,
    LostDetector,
    TargetStore,
    VideoParts,
    complete_settings,
)

FORMAT = 1
METADATA, TEMPLATE, TRACK, TRACK_INT8 = 'tracker.json', 'template.onnx', 'track.onnx', 'int8.onnx'
_REMEDY = 'Export it again: tools/export.py.'


@dataclass(frozen=True)
class ExportedTracker:
    """Metadata of an exported tracker.

    Attributes:
        name: Name of the model.
        template_size, search_size: Sides of the crops in px.
        template_tokens: Tokens ``Nz`` of a template.
        reads_template_boxes: Whether ``template.onnx`` takes the box in the crop as well.
        normalisation: ``mean``, ``std`` and ``order`` of the channels, all done within the graphs.
        window: Prior of the score map, applied within ``track.onnx``.
        test_cfg: Settings of tracking, see :class:`EATrack`.
        lost_detector: Arguments of the :class:`LostDetector`.
        confidence: Arguments of the :class:`CalibratedConfidence`, or None.
        store: Arguments of the :class:`TargetStore`, or None.
        versions: Versions that it was exported with.
        sha256: Digest of each graph by its file name.
        format: Version of this layout.
    """

    name: str
    template_size: int
    search_size: int
    template_tokens: int
    reads_template_boxes: bool
    normalisation: Dict[str, Any]
    window: str
    test_cfg: Dict[str, Any]
    lost_detector: Dict[str, Any]
    confidence: Optional[Dict[str, Any]] = None
    store: Optional[Dict[str, Any]] = None
    versions: Dict[str, str] = field(default_factory=dict)
    sha256: Dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def build_parts(self) -> VideoParts:
        """Lost detector, calibrated score and Target Store, as a video starts with them."""
        return VideoParts(
            LostDetector(**self.lost_detector),
            None if self.confidence is None else CalibratedConfidence(**self.confidence),
            None if self.store is None else TargetStore(**self.store),
        )

    def write(self, folder: Union[str, Path]) -> None:
        """Write the metadata with the digests of the graphs that lie in the folder."""
        folder = Path(folder)
        content = asdict(self)
        graphs = [name for name in (TEMPLATE, TRACK, TRACK_INT8) if (folder / name).is_file()]
        content['sha256'] = {name: _digest((folder / name).read_bytes()) for name in graphs}
        content['metadata_sha256'] = _metadata_digest(content)
        write_atomically(folder / METADATA, json.dumps(content, indent=1) + '\n')


def read_export(folder: Union[str, Path]) -> ExportedTracker:
    """Read and check the folder of an exported tracker.

    Raises:
        FileNotFoundError: If the folder or one of its files is missing.
        ValueError: If it is of another version, or a file has changed since the export.
    """
    folder = Path(folder)
    path = folder / METADATA
    if not path.is_file():
        raise FileNotFoundError(
            f'{folder}: no exported tracker lies here ({METADATA} is missing). Give the folder '
            'that tools/export.py wrote with --out.'
        )
    content = _parse(path)
    known = {each.name for each in fields(ExportedTracker)}
    if content.pop('metadata_sha256', None) != _metadata_digest(content) or known != set(content):
        raise ValueError(f'{path} was changed since the export. {_REMEDY}')
    exported = ExportedTracker(**content)
    for name in (TEMPLATE, TRACK, *exported.sha256):
        _check_graph(folder / name, exported.sha256.get(name))
    try:
        complete_settings(None, exported.test_cfg)
    except ValueError as error:
        version = exported.versions.get('mmeatrack')
        raise ValueError(f'{path}, of mmeatrack {version}: {error} {_REMEDY}') from error
    return exported


def _parse(path: Path) -> Dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(f'{path} is damaged: {error}. {_REMEDY}') from error
    version = content.get('format') if isinstance(content, dict) else None
    if version != FORMAT:
        raise ValueError(
            f'{path} is of format {version!r}, this version of mmeatrack reads format {FORMAT}. '
            f'{_REMEDY}'
        )
    return dict(content)


def _check_graph(path: Path, sha256: Optional[str]) -> None:
    if not path.is_file() or sha256 is None:
        raise FileNotFoundError(f'{path}: the exported tracker lacks this file. {_REMEDY}')
    if _digest(path.read_bytes()) != sha256:
        raise ValueError(f'{path} is not the file that was exported: its hash differs. {_REMEDY}')


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _metadata_digest(content: Mapping[str, Any]) -> str:
    kept: List[Any] = sorted(content.items())
    return _digest(json.dumps(kept, sort_keys=True).encode('utf-8'))
