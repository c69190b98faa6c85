"""Boxes, square crops, and checks of what users give.

Only :func:`crop_image` needs torch, which is imported on its first use.
"""

from typing import TYPE_CHECKING, Any

from .array_crops import crop_array
from .boxes import CropWindow, clip_box, crop_box_to_image, image_box_to_crop
from .checks import check_target_box

if TYPE_CHECKING:
    from .crops import crop_image

__all__ = [
    'CropWindow',
    'check_target_box',
    'clip_box',
    'crop_array',
    'crop_box_to_image',
    'crop_image',
    'image_box_to_crop',
]


def __getattr__(name: str) -> Any:
    if name == 'crop_image':
        from .crops import crop_image

        return crop_image
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
