"""Transforms beside MMTracking's: whole frames, crops as in a test, short-range pairs, light."""

from functools import partial
from typing import Any, List, Tuple

import cv2
import mmcv
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio
from mmtrack.datasets.transforms import BrightnessAug, SeqCropLikeStark, TridentSampling

from mmeatrack.files.image_file import decode_image
from mmeatrack.registry import TRANSFORMS
from mmeatrack.structures import CropWindow
from mmeatrack.structures.array_crops import crop_pixels
from mmeatrack.structures.boxes import xywh_to_cxcywh


@TRANSFORMS.register_module()
class LoadFrame(LoadImageFromFile):
    """Load a frame as mmcv's ``LoadImageFromFile`` does, and refuse a broken file.

    Reads ``img_path`` from the storage that ``backend_args`` name; adds ``img`` (H, W, 3) BGR,
    uint8, ``img_shape`` and ``ori_shape`` (H, W). By default images of one channel are turned into
    three equal ones. Whole images are told from truncated ones by
    :func:`mmeatrack.files.image_file.decode_image`.

    Args:
        args, kwargs: Of :class:`mmcv.transforms.LoadImageFromFile`, without ``ignore_empty``.

    Raises:
        ValueError: If ``ignore_empty`` is set.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.ignore_empty:
            raise ValueError(
                'LoadFrame refuses broken and missing frames, so ignore_empty=True has no meaning; '
                'leave it out, or load frames by mmcv.LoadImageFromFile'
            )

    def transform(self, results: dict) -> dict:
        """Load the image.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is empty, truncated or no image.
        """
        path = str(results['img_path'])
        try:
            content = self._read(path)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f'{path}: the frame is missing; unpack the sequence again'
            ) from error
        decoder = partial(mmcv.imfrombytes, flag=self.color_type, backend=self.imdecode_backend)
        img = decode_image(content, path, decoder)
        if self.to_float32:
            img = img.astype(np.float32)
        results.update(img=img, img_shape=img.shape[:2], ori_shape=img.shape[:2])
        return results

    def _read(self, path: str) -> bytes:
        if self.file_client_args is None:
            return fileio.get(path, backend_args=self.backend_args)
        return fileio.FileClient.infer_client(self.file_client_args, path).get(path)


@TRANSFORMS.register_module()
class SeqCrop(SeqCropLikeStark):
    """mmtrack's ``SeqCropLikeStark``, with the pixels of a test's crop.

    mmtrack's blackens the last row and column of the image where a crop reaches them; a tracker's
    test does not, so that the network would meet other borders than it was trained on. A crop that
    reaches neither is the same bit for bit.
    """

    def crop_like_stark(
        self, img: np.ndarray, bbox: np.ndarray, crop_size_factor: float, output_size: int
    ) -> Tuple[np.ndarray, float, np.ndarray]:
        """Crop, crop px an image px, and mask outside the image, around a box xyxy in image px."""
        x1, y1, x2, y2 = bbox  # in the box's own precision, as mmtrack rounds
        box = xywh_to_cxcywh((x1, y1, x2 - x1, y2 - y1))
        window = CropWindow.around(box, crop_size_factor)
        crop, outside = crop_pixels(img, window, output_size)
        return crop, output_size / window.size, outside


@TRANSFORMS.register_module()
class NearSampling(TridentSampling):
    """mmtrack's ``TridentSampling``, with a limit to how old the first template is.

    Without a limit a short training video shows all of its target's change between template and
    search frame, which no training set of long videos does: there pairs of OSTrack's family lie at
    most 200 frames apart. The second template lies between the first and the search frame.

    Args:
        max_template_range: Frames between first template and search frame at most, at least 1.
        kwargs: Arguments of ``TridentSampling``, one search and two template frames.

    Raises:
        ValueError: If the range is out of bounds.
    """

    def __init__(self, max_template_range: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if max_template_range < 1:
            raise ValueError(f'max_template_range={max_template_range} must be at least 1.')
        self.max_template_range = max_template_range

    def sampling_frames(self, video_visibility: np.ndarray) -> List[int]:
        """Frames of the two templates and the search frame, all with a visible target."""
        if not self.is_video_data:
            return super().sampling_frames(video_visibility)
        (search,) = self.random_sample_inds(video_visibility)
        first = self._near(video_visibility, search, search, self.max_template_range)
        second = self._near(video_visibility, search, first, self.max_frame_range[0])
        return [first, second, search]

    def _near(self, visibility: np.ndarray, frame: int, towards: int, max_range: int) -> int:
        """A visible frame at most ``max_range`` away, not beyond ``towards`` unless that is it."""
        low, high = frame - max_range, frame + max_range
        if towards < frame:
            low, high = max(low, towards), frame
        elif towards > frame:
            low, high = frame, min(high, towards)
        return self.random_sample_inds(visibility, frame_range=[low, high + 1])[0]


@TRANSFORMS.register_module()
class CropBrightness(BrightnessAug):
    """mmtrack's ``BrightnessAug``, with the same draws, whose crops stay uint8.

    mmtrack's are float64, so that a batch has eight times the bytes.

    Args:
        jitter_range: The factor lies at most that far from 1.
    """

    def transform(self, results: dict) -> dict:
        """Multiply ``img`` (H, W, 3) uint8 by a random factor."""
        factor = self._random_brightness_factor()
        return dict(results, img=cv2.convertScaleAbs(results['img'], alpha=factor))
