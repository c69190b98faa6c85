"""Trackers of mmtrack as teachers of predictions."""

import copy
from typing import Any, Dict, List, NamedTuple, Optional, Union

import torch
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmtrack.registry import MODELS as MMTRACK_MODELS
from mmtrack.structures import TrackDataSample
from mmtrack.utils import register_all_modules
from torch import Tensor, nn

from mmeatrack.models.teachers.mmtrack_responses import READERS, Crop, on_grid
from mmeatrack.models.teachers.teacher import read_model
from mmeatrack.registry import MODELS


class TeacherResponse(NamedTuple):
    """Output of a teacher with a score map alone, in the place it has in CenterHeadOutput.

    Attributes:
        score: (B, 1, Hf, Wf) logits on the student's score map.
    """

    score: Tensor


class NoLayers:
    """Backbone of a teacher without layers to distil: asking for one raises ValueError."""

    def layer_name(self, layer: int) -> str:
        """Raise ValueError with the reason."""
        raise ValueError(
            'features of an mmtrack tracker cannot be distilled: it encodes other crops at another '
            'stride and has no layer that sees the same template and search tokens. Set '
            'layer_pairs=None; its response is distilled by prediction_weight.'
        )

    joint_layers = property(lambda self: self.layer_name(0))


@MODELS.register_module()
class MMTrackTeacher(BaseModel):
    """Tracker of mmtrack that teaches its predictions, whatever its head and its crops.

    STARK [1] and SiamRPN++ [2] run on the student's training crops, resampled to their own size and
    scale around the same centre. The response is mapped to the student's score map: the best
    anchor's logit of SiamRPN++, the log probability of the centre between STARK's two corners.
    Features are not distilled.

    Use it as ``teacher=dict(type='mmeatrack.MMTrackTeacher', config='mmtrack::sot/...')`` with the
    tracker's own checkpoint as ``teacher_ckpt``, and ``layer_pairs=None`` in the distiller.

    Args:
        config: Config of the tracker, or the path of a config file whose ``model`` it is, see
            :func:`read_model`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a tracker of a known kind.

    References:
        [1] Yan et al., Learning Spatio-Temporal Transformer for Visual Tracking (STARK), ICCV 2021,
            https://arxiv.org/abs/2103.17154
        [2] Li et al., SiamRPN++: Evolution of Siamese Visual Tracking with Very Deep Networks, CVPR
            2019, https://arxiv.org/abs/1812.11703
    """

    def __init__(self, config: Union[dict, str]) -> None:
        super().__init__()
        model = read_model(config) if isinstance(config, str) else copy.deepcopy(dict(config))
        with DefaultScope.overwrite_default_scope('mmtrack'):
            register_all_modules(init_default_scope=False)
            kind = model.get('type')
            tracker_class = MMTRACK_MODELS.get(kind) if isinstance(kind, str) else kind
            if tracker_class not in READERS:
                raise ValueError(
                    f'{kind} cannot teach: the kinds with a response to a pair of crops are '
                    f'{sorted(each.__name__ for each in READERS)}. (PrDiMP fits its filter to the '
                    'frames of a video.)'
                )
            self.tracker = MMTRACK_MODELS.build(model)
        # Its weights come from teacher_ckpt: mmengine downloads no pretrained backbone.
        self.tracker._is_init = True
        self._read = READERS[tracker_class]
        self.head = nn.Identity()  # a module, so that mmrazor can record the response
        self.backbone = NoLayers()
        self._student: List[Any] = []  # in a list: not a submodule

    def bind(self, student: Any) -> None:
        """Take crops, grid and normalisation from the student, an :class:`EATrack`."""
        self._student = [student]

    def forward(
        self,
        inputs: Dict[str, Tensor],
        data_samples: Optional[List[TrackDataSample]] = None,
        mode: str = 'tensor',
        **kwargs: Any,
    ) -> Any:
        """Response to a training batch ('tensor'), or the tracker's prediction ('predict').

        Args:
            inputs: As :meth:`EATrack.loss` takes them.
            data_samples: Their annotations; ``padding_mask`` and ``search_padding_mask`` are used
                if all samples have them.
            mode: 'tensor' or 'predict'.

        Raises:
            RuntimeError: If there is no student, or ``mode`` is 'loss'.
        """
        if mode == 'predict':
            return self.tracker(inputs, data_samples, mode='predict', **kwargs)
        if mode != 'tensor' or not self._student:
            raise RuntimeError(
                f'an MMTrackTeacher works within a distillation and is not trained: mode={mode!r}.'
            )
        settings, backbone = self._student[0].test_cfg, self._student[0].backbone
        per_template = backbone.template_size / settings['template_factor']
        per_search = backbone.search_size / settings['search_factor']
        templates = self._crops(inputs, data_samples, '', per_template)
        (search,) = self._crops(inputs, data_samples, 'search_', per_search)
        response = self._read(self.tracker, templates, search)
        score = on_grid(response, backbone.search_grid, backbone.search_size, per_search)
        return self.head(TeacherResponse(score))

    def val_step(self, data: Any) -> Any:
        """The tracker's own, with its own preprocessing."""
        return self.tracker.val_step(data)

    def _crops(
        self,
        inputs: Dict[str, Tensor],
        data_samples: Optional[List[TrackDataSample]],
        prefix: str,
        per_side: float,
    ) -> List[Crop]:
        """The T crops of each sample in ``<prefix>img`` (B, T, 3, H, W), as T batches."""
        crops, preprocessor = inputs[f'{prefix}img'], self._student[0].data_preprocessor
        pixels = crops * preprocessor.std + preprocessor.mean
        if preprocessor.channel_conversion:
            pixels = pixels[:, :, [2, 1, 0]]
        masks = [sample.get(f'{prefix}padding_mask') for sample in data_samples or [{}]]
        if any(mask is None for mask in masks):
            outside = torch.zeros_like(crops[:, :, 0], dtype=torch.bool)
        else:
            outside = torch.stack([mask.to(crops.device).bool() for mask in masks])
        return [Crop(*each, per_side) for each in zip(pixels.unbind(1), outside.unbind(1))]
