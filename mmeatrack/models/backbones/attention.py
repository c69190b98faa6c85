"""Multi-head self-attention and the pre-norm transformer block of ViT."""

import math
from typing import Optional, Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn.bricks.drop import DropPath
from torch import Tensor, nn


def attend_reference(query: Tensor, key: Tensor, value: Tensor, mask: Optional[Tensor]) -> Tensor:
    """Scaled dot-product attention for torch 1.13, which does not have the fused one.

    Query, key, value and result are (B, heads, N, C / heads). A boolean ``mask``, broadcastable to
    (B, heads, N, N), is False at positions that are not attended to.
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, heads, N, N)
    if mask is not None:
        scores = scores.masked_fill(~mask, float('-inf'))
    return scores.softmax(dim=-1) @ value


def _attend_fused(query: Tensor, key: Tensor, value: Tensor, mask: Optional[Tensor]) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


attend = _attend_fused if hasattr(F, 'scaled_dot_product_attention') else attend_reference


class Attention(nn.Module):
    """Multi-head self-attention with ``C = embed_dims`` channels."""

    def __init__(self, embed_dims: int, num_heads: int, qkv_bias: bool = True) -> None:
        super().__init__()
        if embed_dims % num_heads:
            raise ValueError(
                f'embed_dims={embed_dims} cannot be shared by num_heads={num_heads}: '
                'choose a number of heads that divides it.'
            )
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dims, embed_dims * 3, bias=qkv_bias)
        self.proj = nn.Linear(embed_dims, embed_dims)

    def forward(self, x: Tensor, key_mask: Optional[Tensor] = None) -> Tensor:
        """Attend among tokens ``x`` (B, N, C); ``key_mask`` (B, N) is False for hidden ones."""
        qkv = self.qkv(x)
        if qkv.requires_grad:
            # The gradient of a split is one tensor, that of slices one of full width each.
            return self._attend(qkv.chunk(3, dim=2), key_mask)
        return self.attend(qkv, qkv, key_mask)

    def attend(self, query: Tensor, key_value: Tensor, key_mask: Optional[Tensor] = None) -> Tensor:
        """Attend among projected tokens; returns (B, M, C).

        Args:
            query: (B, M, C or more) queries in the first ``C`` channels.
            key_value: (B, N, 2C or more) keys and values in the last ``2C`` channels.
            key_mask: (B, N), False for hidden tokens.
        """
        C = self.proj.in_features
        parts = query[..., :C], key_value[..., -2 * C : -C], key_value[..., -C:]
        return self._attend(parts, key_mask)

    def _attend(self, parts: Sequence[Tensor], key_mask: Optional[Tensor]) -> Tensor:
        # (B, N, C) -> (B, heads, N, C / heads)
        shape = torch.Size((self.num_heads, self.proj.in_features // self.num_heads))
        q, k, v = (each.unflatten(2, shape).transpose(1, 2) for each in parts)
        mask = None if key_mask is None else key_mask[:, None, None, :]
        found: Tensor = self.proj(attend(q, k, v, mask).transpose(1, 2).flatten(2))
        return found


class MLP(nn.Module):
    """Two-layer perceptron with GELU."""

    def __init__(self, embed_dims: int, hidden_dims: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(embed_dims, hidden_dims)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden_dims, embed_dims)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    """Pre-norm transformer layer with ``C = embed_dims`` channels.

    Args:
        embed_dims, num_heads, qkv_bias: See :class:`Attention`.
        mlp_ratio: Width of the perceptron over ``C``.
        drop_path: Probability of stochastic depth.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dims, eps=1e-6)
        self.attn = Attention(embed_dims, num_heads, qkv_bias)
        self.norm2 = nn.LayerNorm(embed_dims, eps=1e-6)
        self.mlp = MLP(embed_dims, int(embed_dims * mlp_ratio))
        self.drop_path = DropPath(drop_path) if drop_path > 0 else nn.Identity()

    def forward(self, x: Tensor, key_mask: Optional[Tensor] = None) -> Tensor:
        """(B, N, C) -> (B, N, C); ``key_mask`` (B, N) is False for hidden tokens."""
        return self.finish(x, self.attn(self.norm1(x), key_mask))

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Rest of the layer after its attention, whose result is (B, N, C) as well."""
        x = x + self.drop_path(attended)
        return x + self.drop_path(self.mlp(self.norm2(x)))
