"""Center head: score, offset and size maps, and the box they predict."""

import math
from typing import Dict, List, NamedTuple, Optional, Tuple, cast

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmeatrack.models.heads.gaussian_target import count_boxes, count_centres, gaussian_map
from mmeatrack.models.loss_terms import SharedCounts, full_precision
from mmeatrack.models.losses.giou_loss import aligned_overlaps
from mmeatrack.registry import MODELS
from mmeatrack.structures.checks import check_choice

# Score of an untrained head everywhere, as in CenterNet: without it the many negatives dominate the
# focal loss of the first iterations.
_PRIOR_SCORE = 0.1
# Keeps scores and sizes away from 0 and 1, where the logarithms of the focal loss are infinite.
_SIGMOID_MARGIN = 1e-4


class CenterHeadOutput(NamedTuple):
    """Raw maps of the head.

    Attributes:
        score: (B, 1, Hf, Wf) logits; their sigmoid is the score map.
        offset: (B, 2, Hf, Wf) centre within its cell, x and y, in cells.
        size: (B, 2, Hf, Wf) logits; their sigmoid is width and height over the search crop's side.
    """

    score: Tensor
    offset: Tensor
    size: Tensor


class CenterPrediction(NamedTuple):
    """Predicted box of each sample.

    Attributes:
        bbox_cxcywh: (B, 4) centre and size over the search crop's side, 0 to 1.
        score: (B,) score map at the peak, 0 to 1, before the window.
        cell: (B,) index of the peak's cell, row by row.
    """

    bbox_cxcywh: Tensor
    score: Tensor
    cell: Tensor


def sigmoid_clamped(logits: Tensor) -> Tensor:
    """Sigmoid within [1e-4, 1 - 1e-4]."""
    return logits.sigmoid().clamp(min=_SIGMOID_MARGIN, max=1 - _SIGMOID_MARGIN)


def hann_window(n: int) -> Tensor:
    """Window (n, n), in both directions ``0.5 (1 - cos(2 pi k / (n + 1)))`` for k = 1..n."""
    side = torch.hann_window(n + 2, periodic=False)[1:-1]
    return side[:, None] * side


@MODELS.register_module()
class CenterHead(BaseModule):
    """Three convolutional branches on the map of search tokens, as in OSTrack [1].

    The score map is trained with CenterNet's focal loss [2] on a Gaussian with CornerNet's radius
    [3], the box with GIoU [4] and L1.

    Args:
        in_channels: Channels ``C`` of the search tokens.
        feat_channels: Channels of the first layer; each further layer halves them.
        num_convs: Layers of 3x3 convolutions in a branch before the 1x1.
        min_overlap: Least overlap of a box within the Gaussian's radius, see
            :func:`gaussian_radius`.
        loss_cls: Focal loss on the score map (L_cls).
        loss_bbox: Loss on normalised corners (L_1).
        loss_iou: Loss on overlap (L_GIoU).
        gaussian: 'centernet' or 'ostrack', see :func:`gaussian_map`.
        init_cfg: mmengine's initialisation config.

    Raises:
        ValueError: If ``feat_channels`` cannot be halved that often, or ``gaussian`` is unknown.

    References:
        [1] Ye et al. (OSTrack), ECCV 2022, https://arxiv.org/abs/2203.11991
        [2] Zhou et al., Objects as Points (CenterNet), 2019, https://arxiv.org/abs/1904.07850
        [3] Law and Deng (CornerNet), ECCV 2018, https://arxiv.org/abs/1808.01244
        [4] Rezatofighi et al. (GIoU), CVPR 2019, https://arxiv.org/abs/1902.09630

    Example:
        >>> import torch
        >>> from mmeatrack.models import CenterHead
        >>> head = CenterHead(in_channels=192).eval()
        >>> output = head(torch.zeros(1, 192, 16, 16))
        >>> tuple(output.score.shape), tuple(output.size.shape)
        ((1, 1, 16, 16), (1, 2, 16, 16))
        >>> tuple(head.predict(output, prior=torch.ones(16, 16)).bbox_cxcywh.shape)
        (1, 4)
    """

    # Normalisers of `loss`, computed from the boxes alone.
    loss_counts = (count_centres, count_boxes)

    def __init__(
        self,
        in_channels: int = 192,
        feat_channels: int = 256,
        num_convs: int = 4,
        min_overlap: float = 0.7,
        loss_cls: Optional[dict] = None,
        loss_bbox: Optional[dict] = None,
        loss_iou: Optional[dict] = None,
        gaussian: str = 'centernet',
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg)
        if feat_channels % 2 ** (num_convs - 1):
            raise ValueError(
                f'feat_channels={feat_channels} cannot be halved {num_convs - 1} times: use a '
                f'multiple of {2 ** (num_convs - 1)} or fewer num_convs.'
            )
        check_choice(('centernet', 'ostrack'), gaussian=gaussian)
        self.min_overlap, self.gaussian = min_overlap, gaussian
        prior_logit = math.log(_PRIOR_SCORE / (1 - _PRIOR_SCORE))
        self.score_branch = _branch(in_channels, feat_channels, num_convs, 1, prior_logit)
        self.offset_branch = _branch(in_channels, feat_channels, num_convs, 2)
        self.size_branch = _branch(in_channels, feat_channels, num_convs, 2)
        self.loss_cls = MODELS.build(
            loss_cls or dict(type='mmdet.GaussianFocalLoss', alpha=2.0, gamma=4.0)
        )
        self.loss_bbox = MODELS.build(loss_bbox or dict(type='mmdet.L1Loss', loss_weight=5.0))
        self.loss_iou = MODELS.build(
            loss_iou or dict(type='mmeatrack.AlignedGIoULoss', loss_weight=2.0)
        )

    def forward(self, feature_map: Tensor) -> CenterHeadOutput:
        """(B, C, Hf, Wf) search features to the three maps, in full precision."""
        branches = (self.score_branch, self.offset_branch, self.size_branch)
        return CenterHeadOutput(*(full_precision(branch(feature_map)) for branch in branches))

    def predict(self, output: CenterHeadOutput, prior: Tensor) -> CenterPrediction:
        """Predict the box at the peak of ``score map * prior``.

        Args:
            output: Maps of the head.
            prior: (Hf, Wf) or (B, Hf, Wf), such as the Hann window.
        """
        score_map = sigmoid_clamped(output.score)[:, 0]  # (B, Hf, Wf)
        cell = peak_cell(score_map, prior)
        return box_at(score_map, cell, _at(output.offset, cell), _at(output.size, cell))

    def loss(
        self,
        output: CenterHeadOutput,
        bbox_cxcywh: Tensor,
        num_centres: Optional[Tensor] = None,
        num_boxes: Optional[Tensor] = None,
    ) -> Dict[str, Tensor]:
        """Compute ``L_cls + 5 L_1 + 2 L_GIoU``, the total of the method without distillation.

        The box is read at the highest score under the Gaussian: where the tracker will read it, but
        without the stray peaks of an untrained score map.

        Args:
            output: Maps of the head.
            bbox_cxcywh: (B, 4) ground truth, centre and size over the search crop's side. An empty
                box marks a crop without the target, whose score map should be 0 everywhere.
            num_centres, num_boxes: ``loss_counts`` of the boxes, from a :class:`SharedCounts`;
                computed here by default.

        Returns:
            ``loss_cls``, ``loss_bbox``, ``loss_iou`` and ``iou``, the mean overlap (not a loss).
        """
        target_map = self.gaussian_map(bbox_cxcywh, (output.score.shape[2], output.score.shape[3]))
        score_map = sigmoid_clamped(output.score)
        if num_centres is None or num_boxes is None:
            num_centres, num_boxes = SharedCounts(*self.loss_counts)(bbox_cxcywh)
        loss_cls = self.loss_cls(score_map, target_map, avg_factor=num_centres)

        cell = (score_map.detach() * target_map).flatten(1).argmax(dim=1)
        predicted = box_at(score_map[:, 0], cell, _at(output.offset, cell), _at(output.size, cell))
        bbox_xyxy = bbox_cxcywh_to_xyxy(predicted.bbox_cxcywh)
        target_xyxy = bbox_cxcywh_to_xyxy(bbox_cxcywh)
        weight = (bbox_cxcywh[:, 2:] > 0).all(dim=1).to(bbox_xyxy.dtype)  # (B,), 0 without target
        overlaps, _ = aligned_overlaps(bbox_xyxy.detach(), target_xyxy)
        return dict(
            loss_cls=loss_cls,
            loss_bbox=self.loss_bbox(
                bbox_xyxy, target_xyxy, weight[:, None].expand(-1, 4), avg_factor=4 * num_boxes
            ),
            loss_iou=self.loss_iou(bbox_xyxy, target_xyxy, weight, avg_factor=num_boxes),
            iou=(overlaps * weight).sum() / num_boxes,
        )

    def gaussian_map(self, bbox_cxcywh: Tensor, grid: Tuple[int, int]) -> Tensor:
        """Target of the score map, see :func:`gaussian_map`."""
        return gaussian_map(bbox_cxcywh, grid, self.min_overlap, self.gaussian)


def peak_cell(score_map: Tensor, prior: Tensor) -> Tensor:
    """Cell (B,) of the maximum of ``score_map * prior``, both (B, Hf, Wf)."""
    return (score_map * prior).flatten(1).argmax(dim=1)


def box_at(score_map: Tensor, cell: Tensor, offset: Tensor, size: Tensor) -> CenterPrediction:
    """Predicted box at a cell.

    Args:
        score_map: (B, Hf, Wf), 0 to 1.
        cell: (B,) index of the cell, row by row.
        offset: (B, 2) centre within the cell, in cells.
        size: (B, 2) logits of the size.
    """
    Hf, Wf = score_map.shape[-2:]
    x = (cell % Wf + offset[:, 0]) / Wf
    y = (torch.div(cell, Wf, rounding_mode='floor') + offset[:, 1]) / Hf
    centre = torch.stack((x, y), dim=1)
    score = score_map.flatten(1).gather(1, cell[:, None])[:, 0]
    return CenterPrediction(torch.cat((centre, sigmoid_clamped(size)), dim=1), score, cell)


def _at(values: Tensor, cell: Tensor) -> Tensor:
    """(B, D) values of a map (B, D, Hf, Wf) at the cells (B,)."""
    index = cell[:, None, None].expand(-1, values.shape[1], 1)
    return values.flatten(2).gather(2, index)[..., 0]


def _branch(
    in_channels: int, feat_channels: int, num_convs: int, out_channels: int, bias: float = 0.0
) -> nn.Sequential:
    """Conv-BN-ReLU layers of halving width, then a 1x1 convolution with the given bias."""
    layers: List[nn.Module] = []
    for i in range(num_convs):
        width = feat_channels // 2**i
        # With a bias, though BN follows: the paper's parameter count includes it.
        conv = nn.Conv2d(in_channels, width, 3, padding=1)
        layers.append(nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU()))
        in_channels = width
    last = nn.Conv2d(in_channels, out_channels, 1)
    nn.init.constant_(cast(Tensor, last.bias), bias)
    layers.append(last)
    return nn.Sequential(*layers)
