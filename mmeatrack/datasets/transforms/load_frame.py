"""Loading of a frame that notices broken image files."""

from pathlib import Path

import mmcv
from mmcv.transforms import LoadImageFromFile

from mmeatrack.registry import TRANSFORMS

# How a file of the format begins, and the mark of its end. Decoders fill what is missing of a
# truncated file with grey and go on, which a tracker would silently be judged by.
END_MARKS = {b'\xff\xd8': b'\xff\xd9', b'\x89PNG': b'IEND'}
TAIL_BYTES = 4096  # some cameras write a few bytes after the end


@TRANSFORMS.register_module()
class LoadFrame(LoadImageFromFile):
    """Load a frame as mmcv's ``LoadImageFromFile`` does, and refuse a broken file.

    Reads ``img_path``; adds ``img`` (H, W, 3) BGR, uint8, ``img_shape`` and ``ori_shape`` (H, W).
    Images of one channel are turned into three equal ones.
    """

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
        path = Path(results['img_path'])
        if not path.is_file():
            raise FileNotFoundError(f'{path}: the frame is missing; unpack the sequence again')
        content = path.read_bytes()
        for start, end in END_MARKS.items():
            if content.startswith(start) and end not in content[-TAIL_BYTES:]:
                raise ValueError(
                    f'{path}: the image is truncated after {len(content)} bytes; '
                    'unpack the sequence again'
                )
        img = (
            mmcv.imfrombytes(content, flag='color', backend=self.imdecode_backend)
            if content
            else None
        )
        if img is None:
            raise ValueError(f'{path}: {len(content)} bytes that are no image; replace the file')
        results.update(img=img, img_shape=img.shape[:2], ori_shape=img.shape[:2])
        return results
