"""Fast network of a search frame: the result of the plain network with less work."""

import copy
from typing import Any, Optional, Tuple

import torch
import torch.nn.functional as F
from mmcv.cnn import fuse_conv_bn
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmeatrack.models.backbones import AsymmetricViT
from mmeatrack.models.heads import CenterHead
from mmeatrack.models.heads.center_head import box_at, peak_cell, sigmoid_clamped
from mmeatrack.models.loss_terms import full_precision
from mmeatrack.models.search.cues import measure_cues
from mmeatrack.models.search.peak_branches import PeakBranches
from mmeatrack.models.search.plain_network import as_map


class SearchJointStage(nn.Module):
    """Joint stage of a backbone with template and temporal tokens that last for many frames.

    Their projections in the first layer are kept. In the last layer they give keys and values only:
    queries, output projection and perceptron are computed for the search tokens alone.
    """

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        self.layers, self.norm = backbone.joint_stage, backbone.norm

    def keep(self, tokens: Tensor) -> Tuple[Tensor, Tensor]:
        """Return tokens (B, N, C) with their projections (B, N, 3C) in the first layer."""
        first = self.layers[0]
        return tokens, first.attn.qkv(first.norm1(tokens))

    def forward(self, kept: Tuple[Tensor, Tensor], search: Tensor) -> Tensor:
        """Return the search tokens (B, Nx, C) after the last layer and the final norm."""
        tokens, kept_qkv = kept
        first, num_search = self.layers[0], search.shape[1]
        qkv = torch.cat((kept_qkv, first.attn.qkv(first.norm1(search))), dim=1)
        if len(self.layers) == 1:
            return self.norm(first.finish(search, first.attn.attend(qkv[:, -num_search:], qkv)))
        tokens = torch.cat((tokens, search), dim=1)
        tokens = first.finish(tokens, first.attn.attend(qkv, qkv))
        for layer in self.layers[1:-1]:
            tokens = layer(tokens)
        return self.norm(_search_tokens(self.layers[-1], tokens, num_search))


def _search_tokens(layer: Any, tokens: Tensor, num_search: int) -> Tensor:
    """Output (B, Nx, C) of a layer for the last ``num_search`` tokens."""
    attention, normed = layer.attn, layer.norm1(tokens)
    C, weight, bias = tokens.shape[-1], attention.qkv.weight, attention.qkv.bias
    query_bias, other_bias = (None, None) if bias is None else (bias[:C], bias[C:])
    query = F.linear(normed[:, -num_search:], weight[:C], query_bias)
    key_value = F.linear(normed, weight[C:], other_bias)
    found: Tensor = layer.finish(tokens[:, -num_search:], attention.attend(query, key_value))
    return found


def is_fast_for(backbone: Any, head: Any) -> bool:
    """Return whether backbone and head run all the methods that :class:`FastNetwork` replaces."""
    replaced = [
        (backbone, AsymmetricViT, 'forward_search'),
        (backbone, AsymmetricViT, 'forward_joint'),
        (head, CenterHead, 'forward'),
        (head, CenterHead, 'predict'),
    ]
    return all(
        getattr(getattr(part, name, None), '__func__', None) is getattr(kind, name)
        for part, kind, name in replaced
    )


class FastNetwork(nn.Module):
    """:class:`PlainNetwork` for :class:`AsymmetricViT` and :class:`CenterHead` with less work.

    Batch norms are folded, offset and size are computed at the peak alone, and the joint stage
    leaves out what no search token sees, see :class:`SearchJointStage`. No shape depends on data.
    The arguments are those of :class:`PlainNetwork`; backbone and head are in evaluation mode.
    """

    window: Tensor

    def __init__(self, backbone: Any, head: Any, window: Tensor) -> None:
        super().__init__()
        self.grid: int = backbone.search_grid
        self.patch_embed = folded(backbone.patch_embed)
        self.pos_embed = backbone.search_pos_embed
        self.separate_stage = backbone.separate_stage
        self.joint_stage = SearchJointStage(backbone)
        self.score_branch = folded(head.score_branch)
        branches = [folded(branch) for branch in (head.offset_branch, head.size_branch)]
        self.peak_branches = PeakBranches(branches, window.shape)
        self.peak_branches.to(window.device)
        self.register_buffer('window', window)
        self.eval()

    def keep(self, template: Tensor, temporal: Optional[Tensor]) -> Tuple[Tensor, ...]:
        """See :meth:`PlainNetwork.keep`."""
        tokens = template if temporal is None else torch.cat((template, temporal), dim=1)
        return self.joint_stage.keep(tokens)

    def forward(self, crop: Tensor, template_token: Tensor, *kept: Tensor) -> Tensor:
        """See :meth:`PlainNetwork.forward`."""
        x = self.patch_embed(crop) + self.pos_embed
        for block in self.separate_stage:
            x = block(x)
        tokens = self.joint_stage((kept[0], kept[1]), x)
        score = full_precision(self.score_branch(as_map(tokens, self.grid)))
        score_map = sigmoid_clamped(score)[:, 0]
        cell = peak_cell(score_map, self.window)
        offset, size = full_precision(self.peak_branches(tokens, cell)).unbind(dim=1)
        prediction = box_at(score_map, cell, offset, size)
        cues = measure_cues(score_map, prediction, x, template_token)
        return torch.cat((prediction.bbox_cxcywh, cues), dim=1)


@torch.no_grad()
def folded(module: nn.Module) -> Any:
    """Copy of a module in evaluation mode with its batch norms folded into the convolutions.

    Weights of half precision are folded in float32. A module without batch norms is returned
    itself. TypeError if a batch norm is not one of torch's.
    """
    norms = [part for part in module.modules() if hasattr(part, 'running_mean')]
    if not norms:
        return module
    for norm in norms:
        if not isinstance(norm, _BatchNorm):
            raise TypeError(
                f'{type(norm).__module__}.{type(norm).__name__} cannot be folded into a '
                "convolution: give torch's batch norms (sync_bn='torch'), or test_cfg.fast=False."
            )
    dtype = next(module.parameters()).dtype
    copied = copy.deepcopy(module)
    if dtype != torch.float64:
        copied = copied.float()
    return fuse_conv_bn(copied).to(dtype).requires_grad_(False)
