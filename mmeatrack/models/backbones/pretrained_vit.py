"""ImageNet weights of a plain ViT, DeiT or MAE for the asymmetric backbone."""

from typing import Any, Optional, Tuple

from mmengine.logging import print_log

from mmeatrack.conversion.vit import Layers, convert_vit
from mmeatrack.models.checkpoint_fit import compare, load_weights, refuse_other_model


def load_pretrained_vit(
    backbone: Any, path: str, layers: Layers = 'first', grid: Optional[Tuple[int, int]] = None
) -> None:
    """Load the weights of a classifier's file or URL into an :class:`AsymmetricViT`, in place.

    One record of the log says what was matched, renamed, resized and left out. Layers and grid are
    those of :func:`convert_vit`, as are its errors (ValueError).

    Raises:
        RuntimeError: If a parameter is missing or has another shape; nothing is loaded then.
    """
    try:
        converted = convert_vit(load_weights(path), backbone, layers, grid)
    except ValueError as error:
        raise ValueError(f'pretrained {path}: {error}') from error
    own = backbone.state_dict()
    fit = compare(own, converted.tensors)
    refuse_other_model(
        fit,
        backbone,
        path,
        f'Use weights of a ViT with the same width and patch and at least {backbone.depth} layers, '
        "in timm's layout (patch_embed.proj, blocks.N, norm) or mmpretrain's.",
        allow_unknown=True,
    )
    tensors = {k: v for k, v in converted.tensors.items() if k in own}
    backbone.load_state_dict(tensors, strict=False)
    print_log(f'pretrained {path}: {fit}; {converted}', 'current')
