"""Results of the video demo."""

import re
from pathlib import Path

import cv2
import numpy as np

NUM_FRAMES = 8
BOX = '70,50,20,20'


def read_track(path: Path) -> np.ndarray:
    assert re.fullmatch(r'(-?\d+\.\d{4}(,-?\d+\.\d{4}){4},[01]\n)+', path.read_text())
    return np.loadtxt(path, delimiter=',', ndmin=2)


def frame_count(path: Path) -> int:
    return int(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT))
