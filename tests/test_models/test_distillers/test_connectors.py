from typing import Any

import pytest
import torch

from mmeatrack.models import SearchTokens, TargetMaskConnector

# Two template tokens and the four search tokens of a 2 x 2 grid, three channels.
FEATURE = torch.arange(6 * 3, dtype=torch.float32).reshape(1, 6, 3)


def test_search_tokens_come_last() -> None:
    assert torch.equal(SearchTokens(search_grid=2)(FEATURE), FEATURE[:, 2:])


def test_map_is_filled_row_by_row() -> None:
    found = SearchTokens('map', search_grid=2)(FEATURE)
    assert found.shape == (1, 3, 2, 2)
    assert found.is_contiguous()  # mmrazor's ChannelWiseDivergence views it
    # Tokens 2 to 5 start with 6, 9, 12, 15.
    assert found[0, 0].tolist() == [[6, 9], [12, 15]]
    assert found[0, 2].tolist() == [[8, 11], [14, 17]]


@pytest.mark.parametrize('output', [FEATURE[:, :3], FEATURE.view(1, 3, 2, 3), (FEATURE,)])
def test_outputs_that_are_not_tokens_are_refused(output: Any) -> None:
    with pytest.raises(TypeError, match=r'takes the \(B, N, C\) tokens .* N at least 4; it was'):
        SearchTokens(search_grid=2)(output)


def test_connector_makes_masks_of_boxes() -> None:
    boxes = torch.tensor([[0.25, 0.25, 0.5, 0.5], [0.5, 0.5, 0.0, 0.0]])
    connector = TargetMaskConnector('map', search_grid=2, shape='soft', background=0.5)
    assert connector(boxes).tolist() == [[[1, 0.5], [0.5, 0.5]], [[0, 0], [0, 0]]]


@pytest.mark.parametrize('connector', [SearchTokens, TargetMaskConnector])
def test_connector_without_a_grid_or_with_another_layout_is_refused(connector: type) -> None:
    with pytest.raises(RuntimeError, match=rf'{connector.__name__} works within mmeatrack\.EAT'):
        connector()(torch.full((1, 4), 0.5))
    with pytest.raises(ValueError, match=r"layout='rows' is unknown; .*\['tokens', 'map'\]"):
        connector('rows')
