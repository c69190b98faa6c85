"""Transforms in addition to MMTracking's: frame loading, test-like crops, pair sampling, light."""

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
    """Load a frame as mmcv's ``LoadImageFromFile`` does, but refuse a broken file.

    Takes mmcv's arguments without ``ignore_empty``. Reads ``img_path`` from the storage that
    ``backend_args`` names; adds ``img`` (H, W, 3) BGR, uint8, ``img_shape`` and ``ori_shape``
    (H, W). By default, images of one channel are expanded to three.
    :func:`mmeatrack.files.image_file.decode_image` detects truncated images.
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
            ValueError: If the file is empty, truncated or not an image.
        """
        path = str(results['img_path'])
        try:
            if self.file_client_args is None:
                content = fileio.get(path, backend_args=self.backend_args)
            else:
                content = fileio.FileClient.infer_client(self.file_client_args, path).get(path)
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


@TRANSFORMS.register_module()
class SeqCrop(SeqCropLikeStark):
    """mmtrack's ``SeqCropLikeStark``, with the pixels of a test's crop.

    Where a crop reaches the last row and column of the image, mmtrack's transform blackens them and
    a tracker's test does not: the network would be trained on other borders. Crops that do not
    reach them are identical bit for bit.
    """

    def crop_like_stark(
        self, img: np.ndarray, bbox: np.ndarray, crop_size_factor: float, output_size: int
    ) -> Tuple[np.ndarray, float, np.ndarray]:
        """Crop around a box xyxy in image px.

        Returns the crop, its scale (crop px per image px), and the mask outside the image.
        """
        x1, y1, x2, y2 = bbox  # in the box's own precision, as mmtrack rounds
        box = xywh_to_cxcywh((x1, y1, x2 - x1, y2 - y1))
        window = CropWindow.around(box, crop_size_factor)
        crop, outside = crop_pixels(img, window, output_size)
        return crop, output_size / window.size, outside


@TRANSFORMS.register_module()
class NearSampling(TridentSampling):
    """mmtrack's ``TridentSampling``, with a limit to the age of the first template.

    Without a limit, a pair from a short training video may show all of the target's change. In
    training sets of long videos it does not: OSTrack and its relatives draw pairs at most 200
    frames apart. The second template lies between the first and the search frame.

    Args:
        max_template_range: Frames between first template and search frame at most, at least 1.
        kwargs: Arguments of ``TridentSampling`` with one search and two template frames.

    Raises:
        ValueError: If the range is out of bounds or the numbers of frames are others.
    """

    def __init__(self, max_template_range: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if max_template_range < 1:
            raise ValueError(f'max_template_range={max_template_range} must be at least 1.')
        if (self.num_search_frames, self.num_template_frames) != (1, 2):
            raise ValueError(
                'NearSampling draws one search and two template frames; leave out '
                f'num_search_frames={self.num_search_frames} and '
                f'num_template_frames={self.num_template_frames}, or use mmtrack.TridentSampling.'
            )
        self.max_template_range = max_template_range

    def sampling_frames(self, video_visibility: np.ndarray) -> List[int]:
        """Draw the two templates and the search frame, all with a visible target."""
        if not self.is_video_data:
            return super().sampling_frames(video_visibility)
        (search,) = self.random_sample_inds(video_visibility)
        first = self._near(video_visibility, search, search, self.max_template_range)
        second = self._near(video_visibility, search, first, self.max_frame_range[0])
        return [first, second, search]

    def _near(self, visibility: np.ndarray, frame: int, towards: int, max_range: int) -> int:
        """Draw a visible frame within ``max_range``, on the side of ``towards`` and not beyond.

        If ``towards`` is the frame itself, on both sides.
        """
        low, high = frame - max_range, frame + max_range
        if towards < frame:
            low, high = max(low, towards), frame
        elif towards > frame:
            low, high = frame, min(high, towards)
        return self.random_sample_inds(visibility, frame_range=[low, high + 1])[0]


@TRANSFORMS.register_module()
class CropBrightness(BrightnessAug):
    """mmtrack's ``BrightnessAug`` with the same draws, but crops stay uint8.

    mmtrack's are float64, so that a batch has eight times the bytes.

    Args:
        jitter_range: Largest distance of the factor from 1.
    """

    def transform(self, results: dict) -> dict:
        """Multiply ``img`` (H, W, 3) uint8 by a random factor."""
        factor = self._random_brightness_factor()
        return dict(results, img=cv2.convertScaleAbs(results['img'], alpha=factor))
