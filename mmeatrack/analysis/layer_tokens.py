"""The search tokens that leave a tracker's layers."""

from typing import Any, Dict, List, Sequence

import torch
from torch import Tensor, nn


@torch.no_grad()
def layer_search_tokens(
    tracker: Any, inputs: Dict[str, Tensor], layers: Sequence[int]
) -> List[Tensor]:
    """Run the backbone once, in eval, and take what leaves its layers.

    Args:
        tracker: An :class:`EATrack`. Its mode is left as it was.
        inputs: As :meth:`EATrack.loss` takes them.
        layers: Layers counted from 0 through both stages.

    Returns:
        (B, Nx, C) of each layer.

    Raises:
        ValueError: If there is no such layer.
    """
    backbone = tracker.backbone
    num_search = backbone.search_grid**2
    tokens: Dict[int, Tensor] = {}

    def keep(layer: int) -> Any:
        def hook(module: nn.Module, args: Any, output: Tensor) -> None:
            # A separate layer runs for the template first; a joint one has the search tokens last.
            tokens[layer] = output[:, -num_search:]

        return hook

    handles = [
        backbone.get_submodule(backbone.layer_name(layer)).register_forward_hook(keep(layer))
        for layer in layers
    ]
    was_training = backbone.training
    backbone.eval()
    try:
        backbone(inputs['img'], inputs['search_img'][:, 0])
    finally:
        backbone.train(was_training)
        for handle in handles:
            handle.remove()
    return [tokens[layer] for layer in layers]
