import math

import pytest
import torch

from mmeatrack.models.heads import CenterPrediction
from mmeatrack.models.search.cues import mean_target_token, measure_cues


def logit(share: float) -> float:
    return math.log(share / (1 - share))


def test_cues_by_hand() -> None:
    """A peak of 0.9 at row 2, column 3 of 6 x 6, its neighbour at 0.8, and a look-alike at 0.6."""
    score = torch.full((1, 1, 6, 6), logit(0.01))
    score[0, 0, 2, 3], score[0, 0, 2, 4], score[0, 0, 5, 0] = logit(0.9), logit(0.8), logit(0.6)
    score_map = score[:, 0].sigmoid()
    cell = torch.tensor([2 * 6 + 3])
    # Smaller than 3 cells, so that it and its neighbours count as inside.
    box = torch.tensor([[0.5, 0.4, 0.2, 0.1]])
    prediction = CenterPrediction(box, torch.tensor([0.9]), cell)
    tokens = torch.zeros(1, 36, 2)
    tokens[..., 0] = 1.0
    inside = [row * 6 + column for row in (1, 2, 3) for column in (2, 3, 4)]
    tokens[0, inside] = torch.tensor([0.0, 5.0])
    template_token = torch.tensor([[3.0, 4.0]])
    cues = measure_cues(score_map, prediction, tokens, template_token)
    assert cues[0].tolist() == pytest.approx([0.9, 0.6, 0.8])  # peak, side lobe, agreement
    # A box over the whole crop leaves nothing outside.
    wide = prediction._replace(bbox_cxcywh=torch.tensor([[0.5, 0.5, 2.0, 2.0]]))
    assert float(measure_cues(score_map, wide, tokens, template_token)[0, 1]) == 0


@pytest.mark.parametrize(('side', 'kept'), [(8, 4), (6, 4), (2, 2), (1, 1)])
def test_target_token_is_the_mean_of_the_middle(side: int, kept: int) -> None:
    margin = (side - kept) // 2
    tokens = torch.zeros(1, side, side, 3)
    tokens[:, margin : side - margin, margin : side - margin] = torch.tensor([1.0, 2.0, 3.0])
    found = mean_target_token(tokens.flatten(1, 2))
    assert found.tolist() == [pytest.approx([1, 2, 3])]
