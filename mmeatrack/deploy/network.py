"""Network of a deployed tracker: crops in, boxes and cues out."""

import threading
from functools import partial
from pathlib import Path
from typing import Any, Callable, List, Sequence, Tuple, Union

import numpy as np

from mmeatrack.deploy.folder import TEMPLATE, TRACK, TRACK_INT8, read_export
from mmeatrack.deploy.runtimes import Feed, load_graph
from mmeatrack.structures import CropWindow, image_box_to_crop
from mmeatrack.structures.boxes import Box
from mmeatrack.structures.checks import check_frame, image_size
from mmeatrack.structures.conventions import CONVENTIONS
from mmeatrack.tracking import TrackerState, begin, complete_settings


class DeployedNetwork:
    """Exported graphs in a runtime; nothing of a video is kept here.

    A copy or a pickle of it, as for another process, reads the folder again.

    Args:
        folder: What ``tools/export.py`` wrote.
        backend: 'onnxruntime' or 'openvino'.
        precision: 'fp32', 'bf16' or 'int8'. Templates, which are seldom encoded, are of float32
            where the other is 'int8'.
        threads: Threads of the CPU.

    Raises:
        FileNotFoundError: If a file of the export is missing.
        ValueError: If the export is of another version or was changed, an argument is unknown, or
            the processor lacks the precision.
        ImportError: If the backend is not installed.
    """

    def __init__(
        self,
        folder: Union[str, Path],
        backend: str = 'onnxruntime',
        precision: str = 'fp32',
        threads: int = 1,
    ) -> None:
        folder = Path(folder).absolute()
        self._given = folder, backend, precision, threads
        self._turn = threading.Lock()
        self.exported = read_export(folder)
        self.test_cfg = complete_settings(None, self.exported.test_cfg)[1]
        self._convention = CONVENTIONS[self.test_cfg['compat']]
        self._parts = self.exported.build_parts()
        name = TRACK_INT8 if precision == 'int8' else TRACK
        if name not in self.exported.sha256:
            raise FileNotFoundError(
                f'{folder} holds no {name}: export with tools/export.py --int8, or give '
                "precision='fp32'."
            )
        self.run_track = load_graph(folder / name, backend, precision, threads)
        template_precision = 'fp32' if precision == 'int8' else precision
        self._template = load_graph(folder / TEMPLATE, backend, template_precision, threads)

    def __reduce__(self) -> Tuple[Any, ...]:
        kept = {name: value for name, value in vars(self).items() if name == 'state'}
        return type(self), self._given, kept

    def as_image(self, frame: np.ndarray) -> np.ndarray:
        """Check a frame (H, W, 3), uint8, BGR, and return it."""
        check_frame(frame, 'the frame')
        return frame

    def start(self, img: np.ndarray, box: Box) -> TrackerState:
        """State of a target in an image of :meth:`as_image`; its box is checked, cxcywh in px."""
        tokens, target_token = self._template(self._template_feed(img, box))
        return begin(tokens, target_token, box, image_size(img), self._parts, self.test_cfg)

    def cut_template(self, img: np.ndarray, box: Box) -> Callable[[], np.ndarray]:
        """Function that encodes the template crop around a box, cut now, to tokens (1, Nz, C)."""
        return partial(self._encode, self._template_feed(img, box))

    def locate(
        self, img: np.ndarray, windows: Sequence[CropWindow], states: Sequence[TrackerState]
    ) -> List[Tuple[Box, List[float]]]:
        """Box, centre and size in image px, and peak, side lobe and agreement in each window.

        Windows with equally many kept tokens make a batch; the states are not changed.
        """
        size, to_image = self.exported.search_size, self._convention.box_to_image
        kept = [_kept_tokens(state) for state in states]
        values = np.empty((len(windows), 7), np.float32)
        for count in {len(tokens[0]) for tokens in kept}:
            chosen = [i for i, tokens in enumerate(kept) if len(tokens[0]) == count]
            feed = dict(
                crop=np.stack([self._convention.crop(img, windows[i], size) for i in chosen]),
                tokens=np.concatenate([kept[i] for i in chosen]),
                target_token=np.concatenate([states[i].template_token for i in chosen]),
            )
            values[chosen] = self.run_track(feed)[0]
        return [
            (to_image(_scaled(row[:4], size), window, size, state.box[:2]), row[4:])
            for row, window, state in zip(values.tolist(), windows, states)
        ]

    def _encode(self, feed: Feed) -> np.ndarray:
        return self._template(feed)[0]

    def _template_feed(self, img: np.ndarray, box: Box) -> Feed:
        size = self.exported.template_size
        window = CropWindow.around(box, self.test_cfg['template_factor'])
        feed = dict(crop=self._convention.crop(img, window, size)[None])
        if self.exported.reads_template_boxes:
            feed['box'] = np.array([image_box_to_crop(box, window, size)], np.float32)
        return feed


def _kept_tokens(state: TrackerState) -> np.ndarray:
    """Template and temporal tokens (1, Nz + Nt, C) in use."""
    parts = [state.active_template] + ([] if state.temporal is None else [state.temporal])
    return np.concatenate(parts, axis=1)


def _scaled(box: Sequence[float], size: int) -> Box:
    cx, cy, w, h = box
    return cx * size, cy * size, w * size, h * size
