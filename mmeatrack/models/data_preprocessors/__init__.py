"""Data preprocessor that leaves normalisation to the crops."""

from .crop_data_preprocessor import CropDataPreprocessor, send

__all__ = ['CropDataPreprocessor', 'send']
