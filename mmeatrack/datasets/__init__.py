"""Datasets: the UAV benchmarks, own data and the synthetic UAV set."""

from .dtb70_dataset import DTB70Dataset
from .pairs import MixedPairs, StillPairs, VideoPairs
from .synthetic_uav_dataset import SyntheticUAVDataset
from .transforms import LoadFrame, NearSampling
from .uav123_dataset import UAV123At10fpsDataset, UAV123Dataset
from .uav_sot_dataset import UAVSOTDataset
from .uavdt_dataset import UAVDTDataset
from .visdrone_sot_dataset import VisDroneSOTDataset

__all__ = [
    'DTB70Dataset',
    'LoadFrame',
    'MixedPairs',
    'NearSampling',
    'StillPairs',
    'SyntheticUAVDataset',
    'UAV123At10fpsDataset',
    'UAV123Dataset',
    'UAVDTDataset',
    'UAVSOTDataset',
    'VideoPairs',
    'VisDroneSOTDataset',
]
