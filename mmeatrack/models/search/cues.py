"""Confidence cues from the output of the network."""

import torch
import torch.nn.functional as F
from torch import Tensor

from mmeatrack.models.heads.center_head import CenterPrediction

# Least half side, in cells, of the region around the peak that is not searched for side lobes.
_LEAST_HALF_SIDE = 1.5


def measure_cues(
    score_map: Tensor, prediction: CenterPrediction, search_tokens: Tensor, template_token: Tensor
) -> Tensor:
    """Measure ``peak``, ``side_lobe`` and ``agreement`` (B, 3), see :class:`Cues`.

    Args:
        score_map: (B, Hf, Wf), 0 to 1.
        prediction: Prediction of the head from this map.
        search_tokens: (B, Nx, C) stage-1 tokens of the search crops.
        template_token: (B, C) result of :func:`mean_target_token`.
    """
    inside = _predicted_cells(score_map, prediction).flatten(1)  # (B, Nx)
    side_lobe = score_map.flatten(1).masked_fill(inside, 0.0).amax(dim=1)
    # In the score map's full precision, even for tokens of half precision.
    weight = inside.to(score_map.dtype)[:, None]
    token = (weight @ search_tokens.to(score_map.dtype))[:, 0]  # its direction is the mean's
    agreement = F.cosine_similarity(token, template_token.to(score_map.dtype), dim=1)
    return torch.stack((prediction.score, side_lobe, agreement), dim=1)


def mean_target_token(template_tokens: Tensor) -> Tensor:
    """Mean token (B, C) of the target: of the middle half of template tokens (B, Nz, C)."""
    side = round(int(template_tokens.shape[1]) ** 0.5)  # int: a plain number even while traced
    margin = side // 4
    tokens = template_tokens.unflatten(1, torch.Size((side, side)))
    return tokens[:, margin : side - margin, margin : side - margin].flatten(1, 2).mean(dim=1)


def _predicted_cells(score_map: Tensor, prediction: CenterPrediction) -> Tensor:
    """Mask (B, Hf, Wf) of the cells in the predicted box or next to the peak."""
    Hf, Wf = score_map.shape[-2:]
    row = torch.div(prediction.cell, Wf, rounding_mode='floor')[:, None]
    column = (prediction.cell % Wf)[:, None]
    half = prediction.bbox_cxcywh[:, 2:] / 2
    half_x = (half[:, :1] * Wf).clamp(min=_LEAST_HALF_SIDE)  # (B, 1)
    half_y = (half[:, 1:] * Hf).clamp(min=_LEAST_HALF_SIDE)
    rows = torch.arange(Hf, device=score_map.device)
    columns = torch.arange(Wf, device=score_map.device)
    inside_rows = (rows - row).abs() <= half_y  # (B, Hf)
    return inside_rows[:, :, None] & ((columns - column).abs() <= half_x)[:, None]
