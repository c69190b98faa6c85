import pytest
import torch

from mmeatrack.models import CenterHead
from mmeatrack.models.search.fast_network import folded
from mmeatrack.models.search.peak_branches import PeakBranches
from tests.toys import build


@pytest.fixture
def trained_head() -> CenterHead:
    """Head whose batch norms shift and scale: zeros at the border must not be zeros by chance."""
    head = build(dict(type='mmeatrack.CenterHead', in_channels=6, feat_channels=8))
    head.train()
    for seed in range(3):
        torch.manual_seed(seed)
        head(3 * torch.randn(4, 6, 16, 16) + 1)
    for module in head.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.bias)
    return head.eval()


@pytest.mark.parametrize('grid', [(16, 16), (4, 4), (5, 11)])
@torch.no_grad()
def test_patch_gives_the_value_of_the_map_at_every_cell(trained_head, grid) -> None:
    count = grid[0] * grid[1]
    features = torch.randn(1, 6, *grid)
    branches = trained_head.offset_branch, trained_head.size_branch
    expected = torch.stack([branch(features)[0].flatten(1).T for branch in branches], dim=1)
    at_peak = PeakBranches([folded(branch) for branch in branches], grid)
    tokens = features.flatten(2).transpose(1, 2)
    found = at_peak(tokens.expand(count, -1, -1), torch.arange(count))  # a sample for each cell
    assert found.shape == (count, 2, 2)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_each_sample_has_its_own_cell(trained_head) -> None:
    branches = [folded(trained_head.size_branch)]
    at_peak = PeakBranches(branches, (16, 16))
    tokens, cells = torch.randn(3, 256, 6), torch.tensor([0, 200, 255])
    whole = trained_head.size_branch(tokens.transpose(1, 2).unflatten(2, (16, 16))).flatten(2)
    expected = torch.stack([each[:, cell] for each, cell in zip(whole, cells)])
    torch.testing.assert_close(at_peak(tokens, cells)[:, 0], expected, atol=1e-5, rtol=1e-5)
