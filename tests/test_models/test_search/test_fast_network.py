import copy

import pytest
import torch
from torch import nn

from mmeatrack.models.backbones.embedding import build_stem
from mmeatrack.models.search.fast_network import SearchJointStage, folded
from tests.toys import DIMS, GRID, TOKENS, backbone_cfg, build


def used_stem() -> nn.Module:
    """A stem whose batch norms have seen data."""
    torch.manual_seed(0)
    stem = build_stem('conv', 8, 16)
    for _ in range(3):
        stem(3 * torch.randn(4, 3, 32, 32) + 1)
    return stem.eval()


@pytest.mark.parametrize(('dtype', 'atol'), [('float', 1e-5), ('double', 1e-12), ('half', 2e-3)])
@torch.no_grad()
def test_folded_module_gives_the_same_result(dtype: str, atol: float) -> None:
    stem = getattr(used_stem(), dtype)()
    before = {name: value.clone() for name, value in stem.state_dict().items()}
    found = folded(stem)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in found.modules())
    assert {value.dtype for value in found.parameters()} == {getattr(torch, dtype)}
    crop = torch.randn(2, 3, 32, 32).to(getattr(torch, dtype))
    torch.testing.assert_close(found(crop), stem(crop), atol=atol, rtol=atol)
    assert all(torch.equal(value, before[name]) for name, value in stem.state_dict().items())


def test_module_without_batch_norms_is_returned_itself() -> None:
    stem = build_stem('patch', 8, 16)
    assert folded(stem) is stem


@torch.no_grad()
def test_synchronised_batch_norms_are_folded_too() -> None:
    stem, crop = used_stem(), torch.randn(2, 3, 32, 32)
    shared = nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(stem))
    assert torch.equal(folded(shared)(crop), folded(stem)(crop))


def test_batch_norms_of_other_libraries_are_refused() -> None:
    norm = nn.Module()
    norm.running_mean = torch.zeros(16)
    with pytest.raises(TypeError, match=r"Module cannot be folded.*sync_bn='torch'"):
        folded(nn.Sequential(nn.Conv2d(3, 16, 1), norm))


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
