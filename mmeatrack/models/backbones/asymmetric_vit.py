"""Asymmetric one-stream vision transformer of EATrack (Sec. 3.1, Fig. 2)."""

from typing import Any, List, Optional, Tuple

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmengine.model.weight_init import trunc_normal_
from torch import Tensor, nn

from mmeatrack.conversion.vit import Layers, convert_vit
from mmeatrack.models.checkpoint_fit import load_matching, load_weights
from mmeatrack.registry import MODELS

from .attention import Block
from .embedding import BoxEmbed, build_stem
from .protocol import JointTokens


@MODELS.register_module()
class AsymmetricViT(BaseModule):
    """Vision transformer [3] whose first layers encode template and search crop separately [1].

    Stage 1 (``separate_stage``) encodes each crop with shared weights; in stage 2
    (``joint_stage``) all tokens attend to each other. The student has (6, 2) layers, a one-stream
    teacher such as OSTrack [2] (0, 12).

    Args:
        separate_depth: Layers of stage 1.
        joint_depth: Layers of stage 2, at least 1.
        embed_dims: Channels ``C``.
        num_heads: Attention heads of each layer.
        mlp_ratio: Width of the perceptrons over ``C``.
        qkv_bias: Whether query, key and value have a bias.
        patch_size: Side of a patch in crop px.
        template_size: Side of the template crop in px, a multiple of ``patch_size``.
        search_size: Side of the search crop in px, a multiple of ``patch_size``.
        drop_path_rate: Stochastic depth of the last layer; it grows linearly from 0.
        pretrained: File or URL with ImageNet weights of a ViT, DeiT [4] or MAE in timm's or
            mmpretrain's layout.
        pretrained_layers: Its layers to load: 'first', 'even' or a list of numbers from 0.
        pretrained_grid: Rows and columns of its position embedding; None for a square.
        stem: 'patch', one convolution per patch, or 'conv', a :class:`ConvStem`.
        box_embed: Whether template tokens carry a :class:`BoxEmbed`.
        init_cfg: mmengine's initialisation config.

    Raises:
        ValueError: If the stem is unknown, or a depth or a crop size does not fit.

    References:
        [1] Yang et al. (EATrack), CVPR 2026, https://arxiv.org/abs/2605.28018
        [2] Ye et al. (OSTrack), ECCV 2022, https://arxiv.org/abs/2203.11991
        [3] Dosovitskiy et al. (ViT), ICLR 2021, https://arxiv.org/abs/2010.11929
        [4] Touvron et al. (DeiT), ICML 2021, https://arxiv.org/abs/2012.12877

    Example:
        >>> import torch
        >>> from mmeatrack.models import AsymmetricViT
        >>> backbone = AsymmetricViT(separate_depth=1, joint_depth=1)
        >>> z = backbone.forward_template(torch.zeros(1, 3, 128, 128))
        >>> x = backbone.forward_search(torch.zeros(1, 3, 256, 256))
        >>> tuple(z.shape), tuple(backbone.forward_joint(z, x).search.shape)
        ((1, 64, 192), (1, 256, 192))
    """

    def __init__(
        self,
        separate_depth: int = 6,
        joint_depth: int = 2,
        embed_dims: int = 192,
        num_heads: int = 3,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        patch_size: int = 16,
        template_size: int = 128,
        search_size: int = 256,
        drop_path_rate: float = 0.0,
        pretrained: Optional[str] = None,
        pretrained_layers: Layers = 'first',
        pretrained_grid: Optional[Tuple[int, int]] = None,
        stem: str = 'patch',
        box_embed: bool = False,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg)
        if separate_depth < 0 or joint_depth < 1:
            raise ValueError(
                f'separate_depth={separate_depth}, joint_depth={joint_depth}: separate_depth must '
                'be at least 0 and joint_depth at least 1, or template and search never meet.'
            )
        for name, size in dict(template_size=template_size, search_size=search_size).items():
            if size < patch_size or size % patch_size:
                raise ValueError(f'{name}={size} must be a multiple of patch_size={patch_size}.')
        self.embed_dims = embed_dims
        self.template_size, self.search_size = template_size, search_size
        self.template_grid = template_size // patch_size
        self.search_grid = search_size // patch_size
        self.pretrained = pretrained
        self.pretrained_layers, self.pretrained_grid = pretrained_layers, pretrained_grid

        depth = separate_depth + joint_depth
        drop_path = [drop_path_rate * i / max(depth - 1, 1) for i in range(depth)]
        blocks = [Block(embed_dims, num_heads, mlp_ratio, qkv_bias, p) for p in drop_path]
        self.patch_embed = build_stem(stem, patch_size, embed_dims)
        self.box_embed = BoxEmbed(patch_size, embed_dims) if box_embed else None
        self.template_pos_embed = nn.Parameter(torch.zeros(1, self.template_grid**2, embed_dims))
        self.search_pos_embed = nn.Parameter(torch.zeros(1, self.search_grid**2, embed_dims))
        self.separate_stage = nn.ModuleList(blocks[:separate_depth])
        self.joint_stage = nn.ModuleList(blocks[separate_depth:])
        self.norm = nn.LayerNorm(embed_dims, eps=1e-6)

    @property
    def depth(self) -> int:
        """Number of layers in both stages."""
        return len(self.separate_stage) + len(self.joint_stage)

    @property
    def joint_layers(self) -> List[int]:
        """Numbers of the layers in the joint stage."""
        return list(range(len(self.separate_stage), self.depth))

    def layer_name(self, layer: int) -> str:
        """Name of the module of a layer, numbered from 0 through both stages.

        Raises:
            ValueError: If there is no such layer.
        """
        separate = len(self.separate_stage)
        if not 0 <= layer < self.depth:
            raise ValueError(
                f'there is no layer {layer}: this backbone has layers 0 to {self.depth - 1} '
                f'({separate} separate, {len(self.joint_stage)} joint).'
            )
        in_joint = layer - separate
        return f'separate_stage.{layer}' if in_joint < 0 else f'joint_stage.{in_joint}'

    def init_weights(self) -> None:
        """Draw the weights, then load ``pretrained`` if given."""
        if not self.is_init:
            self.apply(_init_layer)
            trunc_normal_(self.template_pos_embed, std=0.02)
            trunc_normal_(self.search_pos_embed, std=0.02)
            if self.pretrained is not None:
                load_pretrained_vit(
                    self, self.pretrained, self.pretrained_layers, self.pretrained_grid
                )
        super().init_weights()

    def forward_template(self, template: Tensor, bbox_cxcywh: Optional[Tensor] = None) -> Tensor:
        """Run stage 1 on a template crop: tokens z (B, Nz, C).

        Args:
            template: (B, 3, template_size, template_size), normalised.
            bbox_cxcywh: (B, 4) the target's box, centre and size in crop px; needed with
                ``box_embed`` only.

        Raises:
            ValueError: If the crop is of another size, or the box is missing.
        """
        tokens = self._embed(template, 'template')
        if self.box_embed is not None:
            if bbox_cxcywh is None:
                raise ValueError(
                    'a backbone with box_embed=True needs the box of each template: give '
                    'forward_template bbox_cxcywh, forward template_boxes.'
                )
            tokens = tokens + self.box_embed(bbox_cxcywh, self.template_size)
        return self._separate(tokens)

    def forward_search(self, search: Tensor) -> Tensor:
        """Run stage 1 on a search crop: (B, 3, search_size, search_size) -> x (B, Nx, C)."""
        return self._separate(self._embed(search, 'search'))

    def _embed(self, crop: Tensor, name: str) -> Tensor:
        size = getattr(self, f'{name}_size')
        if tuple(crop.shape[-3:]) != (3, size, size):
            raise ValueError(
                f'the {name} crop has shape {tuple(crop.shape)}, but this backbone was built for '
                f'(B, 3, {size}, {size}): set {name}_size in the backbone and in the crop '
                'transforms of the pipeline to the same value.'
            )
        tokens: Tensor = self.patch_embed(crop) + getattr(self, f'{name}_pos_embed')
        return tokens

    def _separate(self, tokens: Tensor) -> Tensor:
        for block in self.separate_stage:
            tokens = block(tokens)
        return tokens

    def forward_joint(
        self,
        z: Tensor,
        x: Tensor,
        temporal: Optional[Tensor] = None,
        temporal_mask: Optional[Tensor] = None,
    ) -> JointTokens:
        """Run stage 2, in which all tokens attend to each other, and the final norm.

        Args:
            z: (B, Nz, C) template tokens of stage 1.
            x: (B, Nx, C) search tokens of stage 1.
            temporal: (B, Nt, C) temporal tokens, or None.
            temporal_mask: (B,) bool, False for samples whose temporal tokens are hidden.
        """
        parts: List[Tensor] = [z, x] if temporal is None else [z, temporal, x]
        tokens = torch.cat(parts, dim=1)  # (B, Nz + Nt + Nx, C)
        num_temporal = 0 if temporal is None else temporal.shape[1]
        key_mask = None
        if temporal_mask is not None and num_temporal:
            key_mask = tokens.new_ones(tokens.shape[:2], dtype=torch.bool)
            key_mask[:, z.shape[1] : z.shape[1] + num_temporal] = temporal_mask[:, None]
        for block in self.joint_stage:
            tokens = block(tokens, key_mask)
        sizes = [z.shape[1], num_temporal, x.shape[1]]
        return JointTokens(*self.norm(tokens).split(sizes, dim=1))

    def forward(
        self,
        template: Tensor,
        search: Tensor,
        temporal_mask: Optional[Tensor] = None,
        template_boxes: Optional[Tensor] = None,
    ) -> JointTokens:
        """Run both stages, for training.

        Args:
            template: (B, T, 3, template_size, template_size): the original template, and for T > 1
                the templates that fill the temporal slot, oldest first.
            search: (B, 3, search_size, search_size).
            temporal_mask: (B,) bool, False for samples whose temporal tokens are hidden.
            template_boxes: (B, T, 4) boxes for :meth:`forward_template`.
        """
        B, T = template.shape[:2]
        boxes = None if template_boxes is None else template_boxes.flatten(0, 1)
        z = self.forward_template(template.flatten(0, 1), boxes)  # (B * T, Nz, C)
        z = z.unflatten(0, (B, T))
        temporal = z[:, 1:].flatten(1, 2) if T > 1 else None  # (B, (T - 1) * Nz, C)
        return self.forward_joint(z[:, 0], self.forward_search(search), temporal, temporal_mask)


def load_pretrained_vit(
    backbone: Any, path: str, layers: Layers = 'first', grid: Optional[Tuple[int, int]] = None
) -> None:
    """Load a classifier's weights, from a file or URL, into an :class:`AsymmetricViT`.

    A log record says what was matched, renamed, resized and left out. Layers and grid are arguments
    of :func:`convert_vit`, which raises ValueError.

    Raises:
        RuntimeError: If a parameter is missing or has another shape; nothing is loaded then.
    """
    try:
        converted = convert_vit(load_weights(path), backbone, layers, grid)
    except ValueError as error:
        raise ValueError(f'pretrained {path}: {error}') from error
    remedy = (
        f'Use weights of a ViT with the same width and patch and at least {backbone.depth} layers, '
        "in timm's layout (patch_embed.proj, blocks.N, norm) or mmpretrain's."
    )
    fit = load_matching(backbone, converted.tensors, path, remedy)
    print_log(f'pretrained {path}: {fit}; {converted}', 'current')


def _init_layer(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        # As in the original ViT. A fixed deviation of 0.02 suits a width of 768 only: with it,
        # narrow models such as eatrack_micro hardly learn in their first hundreds of steps.
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
