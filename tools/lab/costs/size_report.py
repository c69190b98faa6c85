"""Parameters and multiply-adds of a tracker, counted as in the paper."""

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample
from torch import Tensor, nn

from mmeatrack.models.backbones.attention import Attention


@dataclass(frozen=True)
class Macs:
    """Multiply-adds of a forward pass.

    Attributes:
        layers: Those of linear and convolutional layers, which the paper and related work call
            FLOPs.
        attention: Those of the two matrix products of each attention, which that count omits.
    """

    layers: int = 0
    attention: int = 0

    def __add__(self, other: 'Macs') -> 'Macs':
        return Macs(self.layers + other.layers, self.attention + other.attention)

    def __sub__(self, other: 'Macs') -> 'Macs':
        return self + other * -1

    def __mul__(self, times: int) -> 'Macs':
        return Macs(self.layers * times, self.attention * times)


class SizeReport(NamedTuple):
    """Size and cost of a tracker.

    Attributes:
        parameters: Number of parameters.
        position_embeddings: Number of parameters in position embeddings.
        template: Separate stage of a template crop, at the first frame and for views of the store.
        search: Every frame: separate stage of the search crop, joint stage of template, temporal
            and search tokens, and head.
        tokens: Numbers of template, temporal and search tokens in the joint stage.
    """

    parameters: int
    position_embeddings: int
    template: Macs
    search: Macs
    tokens: Tuple[int, int, int]

    @property
    def total(self) -> Macs:
        """Template and search together, the figure that papers quote."""
        return self.template + self.search

    def as_table(self) -> str:
        """The report as text, one line per figure."""
        without = self.parameters - self.position_embeddings
        lines = [
            f'{"parameters":<30}{self.parameters / 1e6:>8.3f} M',
            f'{"without position embeddings":<30}{without / 1e6:>8.3f} M',
            'joint stage: {} template + {} temporal + {} search tokens'.format(*self.tokens),
            '',
            f'{"GMACs":<20}{"layers":>10}{"with attention matmuls":>26}',
        ]
        costs = {
            'template, once': self.template,
            'search, each frame': self.search,
            'both': self.total,
        }
        for name, macs in costs.items():
            both = macs.layers + macs.attention
            lines.append(f'{name:<20}{macs.layers / 1e9:>10.3f}{both / 1e9:>26.3f}')
        return '\n'.join(lines)


@torch.no_grad()
def size_report(model: Any, num_temporal: int = 1) -> SizeReport:
    """Count the parameters of a tracker, and the multiply-adds of a run on black crops.

    Args:
        model: An :class:`EATrack`; its mode and weights are unchanged.
        num_temporal: Number of views in the temporal slot, each of as many tokens as the template.
    """
    backbone, views, training = model.backbone, 1 + num_temporal, model.training
    black = next(model.parameters()).new_zeros
    crops = dict(
        img=black(1, views, 3, backbone.template_size, backbone.template_size),
        search_img=black(1, 1, 3, backbone.search_size, backbone.search_size),
    )
    model.eval()
    try:
        with _count_macs(model) as once:
            backbone.forward_template(crops['img'][:, 0], *_middle_box(model))
        with _count_macs(model) as whole:
            model(crops, _middle_samples(model, views), mode='tensor')
    finally:
        model.train(training)
    embeddings = [p for name, p in model.named_parameters() if name.endswith('pos_embed')]
    return SizeReport(
        parameters=sum(p.numel() for p in model.parameters()),
        position_embeddings=sum(p.numel() for p in embeddings),
        template=once.macs,
        # The temporal views are encoded already; this frame pays for the joint stage.
        search=whole.macs - once.macs * views,
        tokens=(
            backbone.template_grid**2,
            backbone.template_grid**2 * num_temporal,
            backbone.search_grid**2,
        ),
    )


def _middle_box(model: Any) -> Tuple[Tensor, ...]:
    """Box (1, 4) cxcywh of a template, for a backbone that reads it."""
    if not getattr(model, 'reads_template_boxes', False):
        return ()
    side = model.backbone.template_size / 2
    return (next(model.parameters()).new_tensor([[side, side, side, side]]),)


def _middle_samples(model: Any, views: int) -> Optional[List[TrackDataSample]]:
    """The same box as annotations of mmtrack, for all views."""
    boxes = _middle_box(model)
    if not boxes:
        return None
    sample = TrackDataSample()
    sample.gt_instances = InstanceData(bboxes=bbox_cxcywh_to_xyxy(boxes[0]).repeat(views, 1))
    return [sample]


class _Counter:
    """Forward hook that adds up the multiply-adds of modules."""

    def __init__(self) -> None:
        self.macs = Macs()

    def __call__(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        if isinstance(module, nn.Linear):
            self.macs += Macs(output.numel() * module.in_features)
        elif isinstance(module, nn.Conv2d):
            kernel = module.weight[0].numel()  # weights behind one output value
            self.macs += Macs(output.numel() * kernel)
        elif isinstance(module, Attention):
            B, N, C = output.shape
            self.macs += Macs(0, 2 * B * N * N * C)  # query x key and weights x value


@contextmanager
def _count_macs(model: nn.Module) -> Iterator[_Counter]:
    """Count the multiply-adds of the modules that ``model`` runs in this context."""
    counter = _Counter()
    handles = [module.register_forward_hook(counter) for module in model.modules()]
    try:
        yield counter
    finally:
        for handle in handles:
            handle.remove()
