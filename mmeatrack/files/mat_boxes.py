"""Raw result files as text or, from the toolkits of OTB and UAV123, as MATLAB files."""

import io
from typing import Any, Dict, Optional

import numpy as np

from mmeatrack.files.box_text import parse_boxes

_EXPECTED = 'results.res, or one matrix of four columns x,y,w,h'


def parse_result(content: bytes, source: str, num_frames: Optional[int] = None) -> np.ndarray:
    """Parse a raw result file, text or MATLAB, by its content.

    A MATLAB file has OTB's form (``results{1}.res``), or holds one matrix of boxes.

    Returns:
        Boxes (N, 4), float64, x, y, w, h in image px. The first one does not matter: it is NaN
        where a text file does not give it.

    Raises:
        ValueError: If text is malformed, or a MATLAB file is damaged, of version 7.3, of several
            segments (TRE, SRE), or does not hold boxes of type ``rect``.
    """
    if not content.startswith(b'MATLAB '):
        return parse_boxes(content, source, num_frames, first_is_given=True)
    variables = _load_variables(content, source)
    if 'results' not in variables:
        matrices = [value for value in variables.values() if _is_boxes(value)]
        if len(matrices) != 1:
            names = sorted(name for name in variables if not name.startswith('__'))
            raise ValueError(f'{source}: cannot tell the boxes among {names}; expected {_EXPECTED}')
        return np.asarray(matrices[0], dtype=np.float64)
    found: Any = variables['results']  # a struct, a cell array of structs, or the boxes
    if isinstance(found, list) or (isinstance(found, np.ndarray) and found.dtype == object):
        segments = list(np.ravel(found)) if isinstance(found, np.ndarray) else found
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


def _load_variables(content: bytes, source: str) -> Dict[str, Any]:
    from scipy.io import loadmat  # takes a while to import

    try:
        return loadmat(io.BytesIO(content), simplify_cells=True)
    except NotImplementedError as error:
        raise ValueError(
            f"{source}: a MATLAB file of version 7.3; save it with '-v7', or as text"
        ) from error
    except Exception as error:  # the reader lets zlib, struct, index and type errors through
        raise ValueError(f'{source}: a damaged MATLAB file: {error}') from error


def _is_boxes(value: Any) -> bool:
    """True for a real matrix of four columns."""
    is_matrix = isinstance(value, np.ndarray) and value.ndim == 2
    return is_matrix and value.shape[1] == 4 and value.dtype.kind in 'fiu'
