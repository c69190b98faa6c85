"""Data preprocessor of a tracker that crops before it normalises."""

from .crop_data_preprocessor import CropDataPreprocessor

__all__ = ['CropDataPreprocessor']
