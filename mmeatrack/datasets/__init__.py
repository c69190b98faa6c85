"""Datasets: the UAV benchmarks, your own data and the synthetic UAV set."""

from .pairs import MixedPairs, StillPairs, VideoPairs
from .transforms import CropBrightness, LoadFrame, NearSampling, SeqCrop
from .uav_benchmarks import (
    DTB70Dataset,
    SyntheticUAVDataset,
    UAV123At10fpsDataset,
    UAV123Dataset,
    UAVDTDataset,
    VisDroneSOTDataset,
)
from .uav_mot_dataset import UAVDTMOTDataset, UAVMOTDataset, VisDroneMOTDataset
from .uav_sot_dataset import UAVSOTDataset

__all__ = [
    'CropBrightness',
    'DTB70Dataset',
    'LoadFrame',
    'MixedPairs',
    'NearSampling',
    'SeqCrop',
    'StillPairs',
    'SyntheticUAVDataset',
    'UAV123At10fpsDataset',
    'UAV123Dataset',
    'UAVDTDataset',
    'UAVDTMOTDataset',
    'UAVMOTDataset',
    'UAVSOTDataset',
    'VideoPairs',
    'VisDroneMOTDataset',
    'VisDroneSOTDataset',
]
