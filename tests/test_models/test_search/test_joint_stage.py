import pytest
import torch

from mmeatrack.models.search.fast_network import SearchJointStage
from tests.toys import DIMS, GRID, TOKENS, backbone_cfg, build


@pytest.mark.parametrize('depth', [1, 2, 3])
@pytest.mark.parametrize('qkv_bias', [True, False])
@torch.no_grad()
def test_search_tokens_equal_those_of_the_whole_stage(depth: int, qkv_bias: bool) -> None:
    backbone = build(backbone_cfg(1, depth, qkv_bias=qkv_bias)).eval()
    stage = SearchJointStage(backbone)
    z, temporal = torch.randn(2, TOKENS, DIMS), torch.randn(2, 2 * TOKENS, DIMS)
    for given in (None, temporal):
        kept = stage.keep(z if given is None else torch.cat((z, given), dim=1))
        for _ in range(2):  # kept tokens serve several frames
            x = torch.randn(2, GRID**2, DIMS)
            expected = backbone.forward_joint(z, x, given).search
            torch.testing.assert_close(stage(kept, x), expected, atol=1e-5, rtol=1e-5)
