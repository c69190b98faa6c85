"""Pure geometry: boxes and square crops."""

from .boxes import check_target_box, clip_box
from .crops import CropWindow, crop_box_to_image, crop_image, image_box_to_crop

__all__ = [
    'CropWindow',
    'check_target_box',
    'clip_box',
    'crop_box_to_image',
    'crop_image',
    'image_box_to_crop',
]
