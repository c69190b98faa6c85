"""Normalisation of crops: of training crops as batches, at test by the tracker."""

from typing import Any, Dict, Sequence, Union

import torch
from mmtrack.models.data_preprocessors import TrackDataPreprocessor
from torch import Tensor

from mmeatrack.models.data_preprocessors.in_batch_distractors import paste_distractors
from mmeatrack.registry import MODELS
from mmeatrack.structures.checks import check_shares


@MODELS.register_module()
class CropDataPreprocessor(TrackDataPreprocessor):
    """mmtrack's preprocessor, except that test frames stay raw.

    A tracker sees a small part of each frame: it cuts its crop from the raw frame and calls
    :meth:`normalize` on it, so that only the crop is normalised and sent to the GPU. The crop is
    padded with black before normalisation, as in training.

    Training crops are copied to the device in one piece per key and normalised there. Annotations
    stay on the CPU: the tracker reads them once.

    Args:
        mean: Mean of the channels, 0 to 255, in the order after the conversion.
        std: Standard deviation of the channels.
        bgr_to_rgb, rgb_to_bgr: Convert the frames' colours.
        distractors: Share of training samples that get another sample's target next to their own,
            see :func:`paste_distractors`.

    Raises:
        ValueError: If ``distractors`` is not within [0, 1].

    Example:
        >>> import torch
        >>> from mmeatrack.models import CropDataPreprocessor
        >>> preprocessor = CropDataPreprocessor(mean=[100] * 3, std=[50] * 3, bgr_to_rgb=True)
        >>> blue = torch.tensor([250, 0, 0]).reshape(1, 3, 1, 1)
        >>> preprocessor.normalize(blue).flatten().tolist()
        [-2.0, -2.0, 3.0]
    """

    def __init__(
        self,
        mean: Sequence[float],
        std: Sequence[float],
        bgr_to_rgb: bool = False,
        rgb_to_bgr: bool = False,
        distractors: float = 0.0,
    ) -> None:
        # Whole numbers would become integer buffers, by which div_ cannot divide.
        floats = dict(mean=[float(each) for each in mean], std=[float(each) for each in std])
        super().__init__(**floats, bgr_to_rgb=bgr_to_rgb, rgb_to_bgr=rgb_to_bgr)
        check_shares(distractors=distractors)
        self.distractors = distractors

    def forward(self, data: Dict[str, Any], training: bool = False) -> Dict[str, Any]:
        """Normalise the crops of a training batch; test frames become (1, 1, 3, H, W), unchanged.

        ``data`` holds the collated ``inputs`` and ``data_samples``; training crops are stacked or
        in a list.
        """
        if training:
            inputs = {key: self._training_crops(each) for key, each in data['inputs'].items()}
            shapes = _shapes(inputs)
            for sample in data['data_samples']:
                sample.set_metainfo(shapes)
            if self.distractors:
                inputs['search_img'] = paste_distractors(
                    inputs['img'], inputs['search_img'], data['data_samples'], self.distractors
                )
            return dict(data, inputs=inputs)
        inputs = {key: _stack_single(key, frames) for key, frames in data['inputs'].items()}
        return dict(inputs=inputs, data_samples=data['data_samples'])

    def _training_crops(self, crops: Union[Tensor, Sequence[Tensor]]) -> Tensor:
        """(B, T, 3, H, W) crops on the device, normalised."""
        stacked = crops if isinstance(crops, Tensor) else torch.stack(tuple(crops))
        batch = send(stacked, self.mean.device)
        return self.normalize(batch.flatten(0, 1).float()).unflatten(0, batch.shape[:2])

    def normalize(self, crop: Tensor) -> Tensor:
        """Raw crop (B, 3, H, W), 0 to 255, to the network's input on this module's device."""
        crop = send(crop, self.mean.device)
        if self.channel_conversion:
            crop = crop[:, [2, 1, 0]]
        return (crop - self.mean).div_(self.std)


def send(values: Tensor, device: torch.device) -> Tensor:
    """Copy to a device; to a GPU from pinned memory, so that the host does not wait."""
    if values.device == device or device.type != 'cuda' or values.device.type != 'cpu':
        return values.to(device)
    pinned = values if values.is_pinned() else values.pin_memory()
    return pinned.to(device, non_blocking=True)


def _shapes(inputs: Dict[str, Tensor]) -> Dict[str, Any]:
    """Shapes of the crops under mmtrack's metainfo keys."""
    shapes: Dict[str, Any] = {}
    for key, crops in inputs.items():
        shape, count = tuple(crops.shape[-2:]), crops.shape[1]
        for name in ('batch_input_shape', 'pad_shape'):
            shapes[key[: -len('img')] + name] = [shape] * count if count > 1 else shape
    return shapes


def _stack_single(key: str, frames: Any) -> Tensor:
    if len(frames) != 1:
        raise ValueError(
            f'a tracker is tested with one frame at a time, but {len(frames)} came as {key!r}: set '
            'batch_size=1 in test_dataloader and val_dataloader.'
        )
    return frames[0][None]
