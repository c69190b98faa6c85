"""Datasets: the UAV benchmarks, own data and the synthetic UAV set."""

from .transforms import LoadFrame, NearSampling
from .uav_benchmarks import (
    DTB70Dataset,
    SyntheticUAVDataset,
    UAV123At10fpsDataset,
    UAV123Dataset,
    UAVDTDataset,
    VisDroneSOTDataset,
)
from .uav_sot_dataset import UAVSOTDataset

__all__ = [
    'DTB70Dataset',
    'LoadFrame',
    'NearSampling',
    'SyntheticUAVDataset',
    'UAV123At10fpsDataset',
    'UAV123Dataset',
    'UAVDTDataset',
    'UAVSOTDataset',
    'VisDroneSOTDataset',
]
