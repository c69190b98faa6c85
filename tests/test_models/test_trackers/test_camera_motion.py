import cv2
import numpy as np
import pytest
import torch

from mmeatrack.models.trackers.camera_motion import CameraMotion


def scene(height: int = 360, width: int = 640) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (height // 8, width // 8), dtype=np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def as_frame(grey: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.repeat(grey[None, None], 3, axis=1).copy())


def shifted(grey: np.ndarray, x: float, y: float) -> np.ndarray:
    matrix = np.array([[1, 0, x], [0, 1, y]], float)
    return cv2.warpAffine(grey, matrix, grey.shape[::-1], borderMode=cv2.BORDER_REFLECT)


def test_a_shift_of_the_image_is_found_to_a_pixel() -> None:
    camera, grey = CameraMotion(), scene()
    assert camera.update(as_frame(grey)) == (0, 0)
    assert camera.update(as_frame(shifted(grey, 24, -15))) == pytest.approx((24, -15), abs=1.5)
    assert camera.update(as_frame(shifted(grey, 24, -15))) == pytest.approx((0, 0), abs=0.5)


def test_frames_that_do_not_match_move_nothing() -> None:
    camera = CameraMotion()
    camera.update(as_frame(scene()))
    other = np.random.default_rng(5).integers(0, 256, (360, 640), dtype=np.uint8)
    assert camera.update(as_frame(other)) == (0, 0)


def test_frames_of_another_size_and_tiny_ones_move_nothing() -> None:
    camera = CameraMotion()
    camera.update(as_frame(scene()))
    assert camera.update(as_frame(scene(240, 320))) == (0, 0)
    tiny = as_frame(np.zeros((8, 8), np.uint8))
    camera.update(tiny)
    assert camera.update(tiny) == (0, 0)
