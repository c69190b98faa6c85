"""Boxes of ``compat='ostrack'`` against a reimplementation of OSTrack's test."""

import cv2
import numpy as np
import pytest
import torch

from mmeatrack.conversion import from_ostrack
from mmeatrack.registry import MODELS
from tests.toy_ostrack import ostrack_forward, ostrack_weights
from tests.toy_ostrack_video import track
from tests.toys import PREPROCESSOR, frame_sample

pytestmark = pytest.mark.slow

TEMPLATE, SEARCH, FRAMES = 32, 64, 30
# First boxes x, y, w, h of a target in the middle, at each edge, and smaller than the margin.
FIRST = [(60, 40, 24, 20), (128, 84, 30, 34), (2, 3, 14, 40), (70, 50, 6, 5), (140, 8, 9, 30)]


def toy_weights() -> dict:
    """Weights that roughly keep the size of boxes, so that they stay near the borders."""
    weights = ostrack_weights(width=64, depth=2, template=TEMPLATE, search=SEARCH, channels=8)
    weights['box_head.conv5_size.weight'] *= 0.3
    weights['box_head.conv5_size.bias'] = torch.tensor([-1.1, -1.15])
    weights['box_head.conv5_offset.bias'] += 0.5
    return weights


def film(seed: int) -> np.ndarray:
    """(FRAMES, 120, 160, 3) uint8, textured and moving."""
    rng = np.random.default_rng(seed)
    ground = cv2.resize(rng.integers(0, 256, (50, 70, 3), dtype=np.uint8), (280, 200))
    return np.stack([ground[20 + i : 140 + i, 40 + 2 * i : 200 + 2 * i] for i in range(FRAMES)])


@pytest.fixture(scope='module')
def weights() -> dict:
    return toy_weights()


@pytest.fixture(scope='module')
def golden(weights) -> dict:
    """Boxes xywh by the number of the video."""
    mean, std = (torch.tensor(PREPROCESSOR[key])[:, None, None] for key in ('mean', 'std'))
    double = {k: v.double() if v.is_floating_point() else v for k, v in weights.items()}

    def network(template: np.ndarray, search: np.ndarray):
        crops = [
            ((torch.from_numpy(crop).permute(2, 0, 1).double() - mean) / std)[None]
            for crop in (template, search)
        ]
        return tuple(part[0].numpy() for part in ostrack_forward(double, *crops))

    return {i: track(network, film(i), box, TEMPLATE, SEARCH) for i, box in enumerate(FIRST)}


@torch.no_grad()
def follow(weights: dict, number: int, compat) -> np.ndarray:
    conversion = from_ostrack(weights)
    model = dict(conversion.model, data_preprocessor=PREPROCESSOR)
    model['test_cfg'] = dict(model['test_cfg'], compat=compat)
    tracker = MODELS.build(model).eval()
    tracker.load_state_dict(conversion.state_dict, strict=True)
    x, y, w, h = FIRST[number]
    boxes = []
    for i, frame in enumerate(film(number)[..., ::-1].copy()):
        img = torch.from_numpy(frame).permute(2, 0, 1)[None, None]
        sample = frame_sample(i, (x, y, x + w, y + h), FRAMES)
        boxes.append(
            tracker(dict(img=img), [sample], mode='predict')[0].pred_track_instances.bboxes
        )
    x1, y1, x2, y2 = torch.cat(boxes[1:]).double().T.numpy()
    return np.stack((x1, y1, x2 - x1, y2 - y1), axis=1)


@pytest.mark.parametrize('number', range(len(FIRST)))
def test_boxes_equal_those_of_ostrack(weights, golden, number: int) -> None:
    ours = follow(weights, number, 'ostrack')
    np.testing.assert_allclose(ours, golden[number], atol=1e-3, rtol=0)
    # Boxes that do not move would not tell the conventions apart.
    assert np.abs(golden[number] - golden[number][0]).max() > 5


def test_default_convention_gives_other_boxes(weights, golden) -> None:
    assert np.abs(follow(weights, 0, None) - golden[0]).max() > 0.1


def test_videos_reach_margin_and_borders(golden) -> None:
    boxes = np.concatenate(list(golden.values()))
    assert (boxes[:, 2:] == 10).any()  # grown
    assert (boxes[:, 0] == 0).any()  # clipped


def test_unknown_convention_is_refused(weights) -> None:
    model = dict(from_ostrack(weights).model, data_preprocessor=PREPROCESSOR)
    with pytest.raises(ValueError, match=r"compat='pytracking' must be one of \(None, 'ostrack'\)"):
        MODELS.build(dict(model, test_cfg=dict(compat='pytracking')))
