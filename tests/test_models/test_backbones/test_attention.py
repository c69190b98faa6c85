import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from mmeatrack.models.backbones import attention
from mmeatrack.models.backbones.attention import Attention, Block, attend_reference


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def attend_numpy(query, key, value, mask=None) -> np.ndarray:
    scores = query @ key.swapaxes(-2, -1) / np.sqrt(query.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ value


def key_mask() -> torch.Tensor:
    mask = torch.ones(2, 7, dtype=torch.bool)
    mask[0, 3:5] = False
    return mask


@pytest.mark.skipif(
    not hasattr(F, 'scaled_dot_product_attention'), reason='torch < 2.0 has no fused attention'
)
@pytest.mark.parametrize('masked', [False, True])
def test_fallback_equals_fused_attention(masked: bool) -> None:
    query, key, value = (draw(2, 3, 7, 8, seed=i) for i in range(3))
    mask = key_mask()[:, None, None, :] if masked else None
    ours = attend_reference(query, key, value, mask)
    assert (
        ours - F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    ).abs().max() < 1e-6
    assert attention.attend is attention._attend_fused


@pytest.mark.parametrize('masked', [False, True])
def test_fallback_follows_the_formula(masked: bool) -> None:
    query, key, value = (draw(2, 3, 7, 8, seed=i).double() for i in range(3))
    mask = key_mask()[:, None, None, :] if masked else None
    ours = attend_reference(query, key, value, mask).numpy()
    arrays = (tensor.numpy() for tensor in (query, key, value))
    expected = attend_numpy(*arrays, mask=None if mask is None else mask.numpy())
    np.testing.assert_allclose(ours, expected, atol=1e-12)


@pytest.mark.parametrize('masked', [False, True])
def test_attention_with_the_fallback(masked: bool, monkeypatch) -> None:
    torch.manual_seed(0)
    layer = Attention(24, 3)
    tokens, mask = draw(2, 7, 24), key_mask() if masked else None
    fused = layer(tokens, mask)
    monkeypatch.setattr(attention, 'attend', attend_reference)
    assert (layer(tokens, mask) - fused).abs().max() < 1e-6


def test_attention_splits_the_channels_among_the_heads() -> None:
    """Each head works on its own channels, checked against the formula head by head."""
    torch.manual_seed(0)
    layer = Attention(12, 3).double()
    tokens = draw(2, 7, 12).double()
    query, key, value = np.moveaxis(layer.qkv(tokens).detach().numpy().reshape(2, 7, 3, 12), 2, 0)
    heads = [slice(4 * i, 4 * i + 4) for i in range(3)]
    together = np.concatenate(
        [attend_numpy(query[..., h], key[..., h], value[..., h]) for h in heads], axis=-1
    )
    expected = layer.proj(torch.from_numpy(together)).detach()
    torch.testing.assert_close(layer(tokens), expected, atol=1e-12, rtol=0)


def test_hidden_tokens_change_nothing() -> None:
    torch.manual_seed(0)
    block, tokens, mask = Block(24, 3), draw(2, 7, 24), key_mask()
    other = tokens.clone()
    other[0, 3:5] = 100.0
    seen = [0, 1, 2, 5, 6]
    assert torch.equal(block(tokens, mask)[0, seen], block(other, mask)[0, seen])
    assert not torch.allclose(block(tokens)[0, seen], block(other)[0, seen])


def test_heads_must_divide_the_channels() -> None:
    with pytest.raises(ValueError, match='embed_dims=16 cannot be shared by num_heads=3'):
        Attention(16, 3)


def test_drop_path_acts_in_training_only() -> None:
    torch.manual_seed(0)
    block, tokens = Block(24, 3, drop_path=0.5), draw(64, 2, 24)
    block.train()
    dropped = (block(tokens) == tokens).flatten(1).all(dim=1)
    # Both branches of a sample are left out with probability 1/4: 16 of 64, give or take.
    assert 6 <= int(dropped.sum()) <= 28
    block.eval()
    assert not (block(tokens) == tokens).flatten(1).all(dim=1).any()


class Operations(TorchDispatchMode):
    """Records the dispatched operations."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.add(str(func))
        return func(*args, **(kwargs or {}))


def test_gradients_of_the_projections_are_one_tensor() -> None:
    torch.manual_seed(0)
    layer, tokens = Attention(24, 3), draw(2, 7, 24)
    projected = layer.qkv(tokens)
    expected = torch.autograd.grad(layer.attend(projected, projected).sum(), layer.qkv.weight)[0]
    loss = layer(tokens).sum()
    with Operations() as operations:
        found = torch.autograd.grad(loss, layer.qkv.weight)[0]
    assert torch.equal(found, expected)
    assert 'aten.cat.default' in operations.names
    assert not any('slice' in name for name in operations.names)
