"""Loading of a frame that notices broken image files."""

from functools import partial
from typing import Any

import mmcv
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio

from mmeatrack.files.image_file import decode_image
from mmeatrack.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadFrame(LoadImageFromFile):
    """Load a frame as mmcv's ``LoadImageFromFile`` does, and refuse a broken file.

    Reads ``img_path`` from the storage that ``backend_args`` name; adds ``img`` (H, W, 3) BGR,
    uint8, ``img_shape`` and ``ori_shape`` (H, W). By default images of one channel are turned into
    three equal ones. Whole images are told from truncated ones by
    :func:`mmeatrack.files.image_file.decode_image`.

    Args:
        args: Arguments of :class:`mmcv.transforms.LoadImageFromFile`.
        kwargs: The same. ``ignore_empty`` is not supported.

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

        Args:
            results: Holds ``img_path``.

        Returns:
            ``results`` with the image.

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
