"""Joint stage of a search frame, without what does not reach its search tokens."""

from typing import Any, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SearchJointStage(nn.Module):
    """Joint stage whose template and temporal tokens stay while frames go by.

    Their projections in the first layer are kept. In the last layer they are asked, but do not ask:
    its queries, its projection and its perceptron are those of the search tokens alone.

    Args:
        backbone: An :class:`AsymmetricViT`; its modules are shared.
    """

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        self.layers, self.norm = backbone.joint_stage, backbone.norm

    def keep(self, tokens: Tensor) -> Tuple[Tensor, Tensor]:
        """Tokens (B, N, C) with their projections (B, N, 3C) in the first layer."""
        first = self.layers[0]
        return tokens, first.attn.qkv(first.norm1(tokens))

    def forward(self, kept: Tuple[Tensor, Tensor], search: Tensor) -> Tensor:
        """Search tokens (B, Nx, C) after the last layer and the final norm."""
        tokens, kept_qkv = kept
        first, num_search = self.layers[0], search.shape[1]
        qkv = torch.cat((kept_qkv, first.attn.qkv(first.norm1(search))), dim=1)
        if len(self.layers) == 1:
            return self.norm(_finish(first, search, first.attn.attend(qkv[:, -num_search:], qkv)))
        tokens = torch.cat((tokens, search), dim=1)
        tokens = _finish(first, tokens, first.attn.attend(qkv, qkv))
        for layer in self.layers[1:-1]:
            tokens = layer(tokens)
        return self.norm(_search_tokens(self.layers[-1], tokens, num_search))


def _search_tokens(layer: Any, tokens: Tensor, num_search: int) -> Tensor:
    """Output (B, Nx, C) of a layer for the last ``num_search`` of all tokens."""
    attention, normed = layer.attn, layer.norm1(tokens)
    C, weight, bias = tokens.shape[-1], attention.qkv.weight, attention.qkv.bias
    query_bias, other_bias = (None, None) if bias is None else (bias[:C], bias[C:])
    query = F.linear(normed[:, -num_search:], weight[:C], query_bias)
    key_value = F.linear(normed, weight[C:], other_bias)
    return _finish(layer, tokens[:, -num_search:], attention.attend(query, key_value))


def _finish(layer: Any, tokens: Tensor, attended: Tensor) -> Tensor:
    """Rest of a layer after its attention."""
    tokens = tokens + attended
    found: Tensor = tokens + layer.mlp(layer.norm2(tokens))
    return found
