"""Folder of an exported tracker: graphs and metadata."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Union

from mmeatrack.files.atomic import write_atomically
from mmeatrack.tracking import CalibratedConfidence, LostDetector, TargetStore, VideoParts
from mmeatrack.tracking.settings import complete_settings

FORMAT = 1
METADATA, TEMPLATE, TRACK, TRACK_INT8 = 'tracker.json', 'template.onnx', 'track.onnx', 'int8.onnx'
_REMEDY = 'Export it again: tools/export.py.'


@dataclass(frozen=True)
class ExportedTracker:
    """Metadata of an exported tracker.

    Attributes:
        name: Name of the model.
        template_size, search_size: Sides of the crops in px.
        template_tokens: Number of tokens ``Nz`` of a template.
        reads_template_boxes: Whether ``template.onnx`` also takes the box in the crop.
        normalisation: ``mean``, ``std`` and channel ``order``, all part of the graphs.
        window: Prior of the score map, part of ``track.onnx``.
        test_cfg: Settings of tracking, see :class:`EATrack`.
        lost_detector: Arguments of the :class:`LostDetector`.
        confidence: Arguments of the :class:`CalibratedConfidence`, or None.
        store: Arguments of the :class:`TargetStore`, or None.
        versions: Versions of the software that exported it.
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
        """Build the lost detector, calibrated score and Target Store that a video starts with."""
        return VideoParts(
            LostDetector(**self.lost_detector),
            None if self.confidence is None else CalibratedConfidence(**self.confidence),
            None if self.store is None else TargetStore(**self.store),
        )

    def write(self, folder: Union[str, Path]) -> None:
        """Write the metadata with the digests of the graphs in the folder."""
        folder = Path(folder)
        graphs = [folder / name for name in (TEMPLATE, TRACK, TRACK_INT8)]
        sha256 = {path.name: _digest(path.read_bytes()) for path in graphs if path.is_file()}
        content = dict(asdict(self), sha256=sha256)
        content['metadata_sha256'] = _metadata_digest(content)
        write_atomically(folder / METADATA, json.dumps(content, indent=1) + '\n')


def split_export(text: str) -> List[str]:
    """Split ``DIR[,BACKEND[,PRECISION]]``; commas of an existing folder are part of its name."""
    for count in range(3):
        parts = text.rsplit(',', count)
        if Path(parts[0]).is_dir():
            return parts
    return [text]


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
            f'{folder}: no exported tracker found here ({METADATA} is missing). Give the folder '
            'that tools/export.py wrote with --out.'
        )
    content = _parse(path)
    known = {each.name for each in fields(ExportedTracker)}
    if content.pop('metadata_sha256', None) != _metadata_digest(content) or known != set(content):
        raise ValueError(f'{path} was changed since the export. {_REMEDY}')
    exported = ExportedTracker(**content)
    for graph in (folder / name for name in (TEMPLATE, TRACK, *exported.sha256)):
        if not graph.is_file() or graph.name not in exported.sha256:
            raise FileNotFoundError(f'{graph}: the exported tracker lacks this file. {_REMEDY}')
        if _digest(graph.read_bytes()) != exported.sha256[graph.name]:
            raise ValueError(f'{graph} was changed since the export: its hash differs. {_REMEDY}')
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


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _metadata_digest(content: Mapping[str, Any]) -> str:
    return _digest(json.dumps(sorted(content.items()), sort_keys=True).encode('utf-8'))
