"""Boxes in MATLAB's files, as the toolkits of OTB and UAV123 write results."""

import io
from typing import Any, Dict, List, Optional

import numpy as np

from mmeatrack.files.box_text import parse_boxes

_EXPECTED = 'results.res, or one matrix of four columns x,y,w,h'


def parse_result(content: bytes, source: str, num_frames: Optional[int] = None) -> np.ndarray:
    """Parse a raw result file, text or MATLAB's, by its content.

    Returns boxes (N, 4), float64, x, y, w, h in image px. The first one does not matter: it is NaN
    where the file does not give it. ValueError, which names ``source``, if the file is malformed.
    """
    if content.startswith(b'MATLAB '):
        return parse_mat_boxes(content, source)
    return parse_boxes(content, source, num_frames, first_is_given=True)


def parse_mat_boxes(content: bytes, source: str) -> np.ndarray:
    """Boxes (N, 4), float64, of a MATLAB file of version 5 to 7.2.

    The file is of OTB's form (``results{1}.res``), or holds one matrix of boxes, x, y, w, h in px.

    Raises:
        ValueError: If the file is damaged, of version 7.3, of several segments (TRE, SRE), or does
            not hold boxes of type ``rect``.
    """
    from scipy.io import loadmat  # takes a while to import

    try:
        variables: Dict[str, Any] = loadmat(io.BytesIO(content), simplify_cells=True)
    except NotImplementedError as error:
        raise ValueError(
            f"{source}: a MATLAB file of version 7.3; save it with '-v7', or as text"
        ) from error
    except Exception as error:  # the reader raises what it meets: zlib, struct, index, type errors
        raise ValueError(f'{source}: a damaged MATLAB file: {error}') from error
    if 'results' in variables:
        return _boxes_of_results(variables['results'], source)
    matrices = [value for value in variables.values() if _is_boxes(value)]
    if len(matrices) != 1:
        names = sorted(name for name in variables if not name.startswith('__'))
        raise ValueError(f'{source}: cannot tell the boxes among {names}; expected {_EXPECTED}')
    return np.asarray(matrices[0], dtype=np.float64)


def _boxes_of_results(results: Any, source: str) -> np.ndarray:
    """Boxes of the toolkits' ``results``: a struct, or a cell array of one."""
    segments: List[Any] = results if isinstance(results, list) else [results]
    if isinstance(results, np.ndarray) and results.dtype == object:
        segments = list(results.ravel())
    if len(segments) != 1:
        raise ValueError(
            f'{source}: results of {len(segments)} segments (TRE or SRE); one pass has one'
        )
    found = segments[0]
    if isinstance(found, dict):
        kind = str(found.get('type', 'rect'))
        if kind != 'rect':
            raise ValueError(f"{source}: results of type {kind!r}; only 'rect' (x,y,w,h) is read")
        found = found.get('res')
    if not _is_boxes(found):
        raise ValueError(f'{source}: no boxes in its results; expected {_EXPECTED}')
    return np.asarray(found, dtype=np.float64)


def _is_boxes(value: Any) -> bool:
    """True for a real matrix of four columns."""
    return (
        isinstance(value, np.ndarray)
        and value.ndim == 2
        and value.shape[1] == 4
        and value.dtype.kind in 'fiu'
    )
