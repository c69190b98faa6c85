"""ONNX graphs of a tracker's network: template and search frame."""

import inspect
import io
import warnings
from typing import Any, Dict, Optional, Sequence, Tuple, cast

import torch
from torch import Tensor, nn

from mmeatrack.models.search import FastNetwork
from mmeatrack.models.search.cues import mean_target_token

OPSET = 17


def template_onnx(tracker: Any) -> bytes:
    """Return the ONNX file of an :class:`EATrack`'s :class:`TemplateGraph`."""
    size = tracker.backbone.template_size
    inputs = dict(crop=torch.zeros(1, size, size, 3))
    if tracker.reads_template_boxes:
        inputs['box'] = torch.full((1, 4), size / 2)
    return _to_onnx(TemplateGraph(tracker), inputs, ['tokens', 'target_token'], {})


def track_onnx(tracker: Any) -> bytes:
    """Return the ONNX file of an :class:`EATrack`'s :class:`TrackGraph`."""
    backbone = tracker.backbone
    size, channels = backbone.search_size, backbone.embed_dims
    inputs = dict(
        crop=torch.zeros(1, size, size, 3),
        tokens=torch.randn(1, backbone.template_grid**2, channels),
        target_token=torch.randn(1, channels),
    )
    return _to_onnx(TrackGraph(tracker), inputs, ['result'], {'tokens': 'kept'})


class _Graph(nn.Module):
    """Normalisation of raw crops, as in the tracker's data preprocessor."""

    order: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, preprocessor: Any) -> None:
        super().__init__()
        order = [2, 1, 0] if preprocessor.channel_conversion else [0, 1, 2]
        self.register_buffer('order', torch.tensor(order))
        self.register_buffer('mean', preprocessor.mean.clone())
        self.register_buffer('scale', 1 / preprocessor.std)

    def normalise(self, crop: Tensor) -> Tensor:
        """Convert (B, H, W, 3) BGR, 0 to 255, to (B, 3, H, W)."""
        return (crop.permute(0, 3, 1, 2)[:, self.order] - self.mean) * self.scale


class TemplateGraph(_Graph):
    """Encoding of template crops by an :class:`EATrack` in evaluation mode."""

    def __init__(self, tracker: Any) -> None:
        super().__init__(tracker.data_preprocessor)
        self.backbone = tracker.backbone

    def forward(self, crop: Tensor, box: Optional[Tensor] = None) -> Tuple[Tensor, Tensor]:
        """Return the tokens (B, Nz, C) of template crops, and the target's mean token (B, C).

        Args:
            crop: (B, Hz, Hz, 3) BGR, 0 to 255.
            box: (B, 4) centre and size in crop px, for a backbone that reads it.
        """
        boxes = () if box is None else (box,)
        tokens = self.backbone.forward_template(self.normalise(crop), *boxes)
        return tokens, mean_target_token(tokens)


class TrackGraph(_Graph):
    """Search network of an :class:`EATrack` in evaluation mode."""

    def __init__(self, tracker: Any) -> None:
        super().__init__(tracker.data_preprocessor)
        self.network = FastNetwork(tracker.backbone, tracker.head, tracker.window)

    def forward(self, crop: Tensor, tokens: Tensor, target_token: Tensor) -> Tensor:
        """Return the result (B, 7) of search crops, see :class:`PlainNetwork`.

        Args:
            crop: (B, Hx, Hx, 3) BGR, 0 to 255.
            tokens: (B, Nz + Nt, C) template tokens, then temporal ones.
            target_token: (B, C) the target's mean token in its template.
        """
        kept = self.network.keep(tokens, None)
        found: Tensor = self.network(self.normalise(crop), target_token, *kept)
        return found


def _to_onnx(
    graph: nn.Module, inputs: Dict[str, Tensor], outputs: Sequence[str], second_axes: Dict[str, str]
) -> bytes:
    """Content of an ONNX file with dynamic batch axes, and dynamic ``second_axes`` by input.

    ``inputs`` has examples by name, in the module's order.
    """
    axes = {name: {0: 'batch'} for name in (*inputs, *outputs)}
    for name, axis in second_axes.items():
        axes[name][1] = axis
    # torch 1.13 has only the tracing exporter; later versions must be asked for it.
    by_tracing: Dict[str, Any] = {}
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        by_tracing['dynamo'] = False
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # its deprecation, and checks of shapes, which are fixed
        torch.onnx.export(
            graph.eval(),
            tuple(inputs.values()),
            cast(str, file),  # a stream is accepted as well
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=OPSET,
            do_constant_folding=True,
            **by_tracing,
        )
    return file.getvalue()
