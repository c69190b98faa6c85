"""Data preprocessor that leaves normalisation to the crops."""

from .crop_data_preprocessor import CropDataPreprocessor

__all__ = ['CropDataPreprocessor']
