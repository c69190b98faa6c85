"""Fast network of a search frame: the plain one's result with less work."""

from typing import Any, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from mmeatrack.models.backbones import AsymmetricViT
from mmeatrack.models.confidence import measure_cues
from mmeatrack.models.heads import CenterHead
from mmeatrack.models.heads.center_head import box_at, peak_cell, sigmoid_clamped
from mmeatrack.models.loss_terms import full_precision
from mmeatrack.models.search.folding import folded
from mmeatrack.models.search.joint_stage import SearchJointStage
from mmeatrack.models.search.peak_branches import PeakBranches
from mmeatrack.models.search.plain_network import as_map


def is_fast_for(backbone: Any, head: Any) -> bool:
    """Return whether :class:`FastNetwork` gives the result of a backbone and a head.

    It does not know what a subclass does in place of :class:`AsymmetricViT` or :class:`CenterHead`.
    """
    return _runs_as(backbone, AsymmetricViT, ('forward_search', 'forward_joint')) and _runs_as(
        head, CenterHead, ('forward', 'predict')
    )


def _runs_as(part: Any, kind: type, methods: Sequence[str]) -> bool:
    found = [getattr(getattr(part, name, None), '__func__', None) for name in methods]
    return found == [getattr(kind, name) for name in methods]


class FastNetwork(nn.Module):
    """:class:`PlainNetwork` for :class:`AsymmetricViT` and :class:`CenterHead` with less work.

    Batch norms are folded, offset and size are computed at the peak alone, and the joint stage
    leaves out what no search token sees, see :class:`SearchJointStage`. No shape depends on data.

    Args:
        backbone: An :class:`AsymmetricViT` in evaluation mode.
        head: A :class:`CenterHead` in evaluation mode.
        window: (Hf, Wf) prior of the score map.
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
        """As :meth:`PlainNetwork.keep`."""
        tokens = template if temporal is None else torch.cat((template, temporal), dim=1)
        return self.joint_stage.keep(tokens)

    def forward(self, crop: Tensor, template_token: Tensor, *kept: Tensor) -> Tensor:
        """As :meth:`PlainNetwork.forward`."""
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
