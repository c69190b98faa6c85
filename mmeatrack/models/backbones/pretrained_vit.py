"""ImageNet weights of a plain ViT or DeiT (timm's layout) for the asymmetric backbone."""

from typing import Any, Dict

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from torch import Tensor

from mmeatrack.models.checkpoint_fit import compare, load_weights, refuse_other_model

# Parameters of a classifier beyond the tracker's backbone.
_CLASSIFIER_KEYS = ('cls_token', 'dist_token', 'head.', 'head_dist.', 'fc_norm.', 'pre_logits.')


def load_pretrained_vit(backbone: Any, path: str) -> None:
    """Load a classifier's weights into an :class:`AsymmetricViT`, in place.

    Layer ``i`` of the classifier becomes layer ``i`` of the backbone, counted through both stages;
    deeper layers are left out (8 of DeiT's 12 for the student). The position embedding loses its
    class and distillation tokens and is resized to both grids.

    Args:
        backbone: The backbone.
        path: Checkpoint file or URL, in any of the layouts of :func:`find_weights`.

    Raises:
        RuntimeError: If a parameter is missing or has another shape; nothing is loaded then.
    """
    converted = _convert(backbone, load_weights(path))
    own = backbone.state_dict()
    fit = compare(own, converted)
    refuse_other_model(
        fit,
        backbone,
        path,
        f'Use weights of a ViT with the same width and patch and at least {backbone.depth} layers '
        "in timm's layout (patch_embed.proj, blocks.N, norm).",
        allow_unknown=True,
    )
    backbone.load_state_dict({k: v for k, v in converted.items() if k in own}, strict=False)
    print_log(f'pretrained {path}: {fit}', 'current')


def _convert(backbone: Any, weights: Dict[str, Tensor]) -> Dict[str, Tensor]:
    converted: Dict[str, Tensor] = {}
    for key, value in weights.items():
        if key.startswith(_CLASSIFIER_KEYS):
            continue
        if key == 'pos_embed':
            converted['template_pos_embed'] = _resize(value, backbone.template_grid)
            converted['search_pos_embed'] = _resize(value, backbone.search_grid)
        elif key.startswith('blocks.'):
            layer, rest = key[len('blocks.') :].split('.', 1)
            if int(layer) < backbone.depth:
                converted[f'{backbone.layer_name(int(layer))}.{rest}'] = value
        else:
            converted[key] = value
    return converted


def _resize(pos_embed: Tensor, grid: int) -> Tensor:
    """(1, extra + n * n, C) -> (1, grid * grid, C), bicubic; the extra tokens are dropped."""
    side = int((pos_embed.shape[1]) ** 0.5)
    patches = pos_embed[:, pos_embed.shape[1] - side * side :]
    image = patches.transpose(1, 2).unflatten(2, torch.Size((side, side)))
    image = F.interpolate(image, (grid, grid), mode='bicubic', align_corners=False)
    return image.flatten(2).transpose(1, 2)
