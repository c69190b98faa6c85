"""Plain network of a search frame: the modules as they are trained."""

from typing import Any, Optional, Tuple

import torch
from torch import Tensor, nn

from mmeatrack.models.backbones import check_joint_tokens
from mmeatrack.models.heads.center_head import sigmoid_clamped
from mmeatrack.models.search.cues import measure_cues


class PlainNetwork(nn.Module):
    """Search crop to box, by any backbone and head.

    Args:
        backbone: A :class:`TrackerBackbone`.
        head: A :class:`CenterHead`, or another head with its ``predict``.
        window: (Hf, Wf) prior of the score map.
    """

    def __init__(self, backbone: Any, head: Any, window: Tensor) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head
        self.register_buffer('window', window)

    def keep(self, template: Tensor, temporal: Optional[Tensor]) -> Tuple[Tensor, ...]:
        """Prepare template (B, Nz, C) and any temporal tokens (B, Nt, C) for :meth:`forward`."""
        return (template,) if temporal is None else (template, temporal)

    def forward(self, crop: Tensor, template_token: Tensor, *kept: Tensor) -> Tensor:
        """Box and cues of a search crop.

        Args:
            crop: (B, 3, search_size, search_size), normalised.
            template_token: (B, C) result of :func:`mean_target_token`.
            kept: Result of :meth:`keep`.

        Returns:
            (B, 7) centre and size of the box over the crop's side, then peak, side lobe and
            agreement, see :class:`Cues`.
        """
        template, temporal = kept if len(kept) == 2 else (*kept, None)
        x = self.backbone.forward_search(crop)
        joint = self.backbone.forward_joint(template, x, temporal)
        output = self.head(as_map(check_joint_tokens(joint).search, self.backbone.search_grid))
        prediction = self.head.predict(output, self.window)
        score_map = sigmoid_clamped(output.score)[:, 0]
        cues = measure_cues(score_map, prediction, x, template_token)
        return torch.cat((prediction.bbox_cxcywh, cues), dim=1)


def as_map(search_tokens: Tensor, grid: int) -> Tensor:
    """Reshape tokens (B, Nx, C) to a map (B, C, Hf, Wf)."""
    return search_tokens.transpose(1, 2).unflatten(2, torch.Size((grid, grid)))
