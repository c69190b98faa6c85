"""A tracker's network as the two graphs that are exported: template and search frame."""

import inspect
import io
import warnings
from typing import Any, Dict, Optional, Sequence, Tuple, cast

import torch
from torch import Tensor, nn

from mmeatrack.models.search import FastNetwork
from mmeatrack.models.search.cues import mean_target_token

OPSET = 17


class _Graph(nn.Module):
    """Raw crops to normalised ones, by the tracker's data preprocessor."""

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
        """(B, H, W, 3) BGR, 0 to 255, to (B, 3, H, W)."""
        return (crop.permute(0, 3, 1, 2)[:, self.order] - self.mean) * self.scale


class TemplateGraph(_Graph):
    """Template crop to its tokens and the target's token.

    Args:
        tracker: An :class:`EATrack` in evaluation mode.
    """

    def __init__(self, tracker: Any) -> None:
        super().__init__(tracker.data_preprocessor)
        self.backbone = tracker.backbone

    def forward(self, crop: Tensor, box: Optional[Tensor] = None) -> Tuple[Tensor, Tensor]:
        """Tokens (B, Nz, C) of template crops, and the mean token (B, C) of the target.

        Args:
            crop: (B, Hz, Hz, 3) BGR, 0 to 255.
            box: (B, 4) centre and size in crop px, for a backbone that reads it.
        """
        boxes = () if box is None else (box,)
        tokens = self.backbone.forward_template(self.normalise(crop), *boxes)
        return tokens, mean_target_token(tokens)


class TrackGraph(_Graph):
    """Search crop and kept tokens to box and cues.

    Args:
        tracker: An :class:`EATrack` in evaluation mode.
    """

    def __init__(self, tracker: Any) -> None:
        super().__init__(tracker.data_preprocessor)
        self.network = FastNetwork(tracker.backbone, tracker.head, tracker.window)

    def forward(self, crop: Tensor, tokens: Tensor, target_token: Tensor) -> Tensor:
        """Result (B, 7) of search crops, see :class:`PlainNetwork`.

        Args:
            crop: (B, Hx, Hx, 3) BGR, 0 to 255.
            tokens: (B, Nz + Nt, C) template tokens, then temporal ones.
            target_token: (B, C) the target's token in its template.
        """
        kept = self.network.keep(tokens, None)
        found: Tensor = self.network(self.normalise(crop), target_token, *kept)
        return found


def as_onnx(
    graph: nn.Module,
    inputs: Dict[str, Tensor],
    outputs: Sequence[str],
    dynamic: Dict[str, Dict[int, str]],
) -> bytes:
    """Content of an ONNX file, opset 17, of a module in evaluation mode.

    Args:
        graph: The module.
        inputs: Example inputs by name, in the module's order.
        outputs: Names of its outputs.
        dynamic: Names of axes of any length.
    """
    # The exporter by tracing is the one that torch 1.13 has; newer ones ask for it by name.
    by_tracing: Dict[str, Any] = {}
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        by_tracing['dynamo'] = False
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of its own deprecation, and of checks of fixed shapes
        torch.onnx.export(
            graph.eval(),
            tuple(inputs.values()),
            cast(str, file),  # a stream does as well
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=dynamic,
            opset_version=OPSET,
            do_constant_folding=True,
            **by_tracing,
        )
    return file.getvalue()
