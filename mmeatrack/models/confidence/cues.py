"""Confidence cues of the network's output."""

import torch
import torch.nn.functional as F
from torch import Tensor

from mmeatrack.models.heads.center_head import CenterHeadOutput, CenterPrediction, sigmoid_clamped

# Least half side, in cells, of the region around the peak that holds no side lobe.
_LEAST_HALF_SIDE = 1.5


def measure_cues(
    output: CenterHeadOutput,
    prediction: CenterPrediction,
    search_tokens: Tensor,
    template_token: Tensor,
) -> Tensor:
    """Cues of a frame from the network's output, on the model's device.

    Args:
        output: The head's maps for one search crop.
        prediction: The head's prediction from them.
        search_tokens: (1, Nx, C) stage-1 tokens of the search crop.
        template_token: (C,) from :func:`mean_target_token`.

    Returns:
        (3,) ``peak``, ``side_lobe`` and ``agreement``.
    """
    score_map = sigmoid_clamped(output.score[0, 0])  # (Hf, Wf)
    inside = _predicted_cells(score_map, prediction)
    side_lobe = score_map.masked_fill(inside, 0.0).max()
    token = search_tokens[0][inside.flatten()].mean(dim=0)
    # Of full precision like the other two, also for tokens of half precision.
    agreement = F.cosine_similarity(token.float(), template_token.float(), dim=0)
    return torch.stack((prediction.score[0], side_lobe, agreement))


def mean_target_token(template_tokens: Tensor) -> Tensor:
    """Mean token (C,) of the target: the middle half of the template crop's tokens (1, Nz, C)."""
    side = round(template_tokens.shape[1] ** 0.5)
    margin = side // 4
    tokens = template_tokens[0].unflatten(0, (side, side))
    return tokens[margin : side - margin, margin : side - margin].flatten(0, 1).mean(dim=0)


def _predicted_cells(score_map: Tensor, prediction: CenterPrediction) -> Tensor:
    """Mask (Hf, Wf) of the cells of the predicted box and of the peak's neighbours."""
    Hf, Wf = score_map.shape
    row = torch.div(prediction.cell, Wf, rounding_mode='floor')
    column = prediction.cell % Wf
    half = (prediction.bbox_cxcywh[0, 2:] / 2).clamp(min=0)
    half_x = (half[0] * Wf).clamp(min=_LEAST_HALF_SIDE)
    half_y = (half[1] * Hf).clamp(min=_LEAST_HALF_SIDE)
    rows = torch.arange(Hf, device=score_map.device)
    columns = torch.arange(Wf, device=score_map.device)
    return ((rows - row).abs() <= half_y)[:, None] & ((columns - column).abs() <= half_x)[None]
