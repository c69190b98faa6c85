"""Trackers of mmtrack as teachers of predictions."""

import copy
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Union

import mmtrack
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmtrack.registry import MODELS as MMTRACK_MODELS
from mmtrack.structures import TrackDataSample
from mmtrack.utils import register_all_modules
from torch import Tensor, nn

from mmeatrack.compat.config_paths import find_path
from mmeatrack.models.distillers.mmtrack_responses import READERS, Crop, on_grid
from mmeatrack.registry import MODELS

_PREFIX = 'mmtrack::'


class TeacherResponse(NamedTuple):
    """Output of a teacher that has a response alone; as :class:`CenterHeadOutput` begins.

    Attributes:
        score: (B, 1, Hf, Wf) logits on the student's score map.
    """

    score: Tensor


class ResponseHead(nn.Module):
    """Response on the student's score map; a module, so that mmrazor can record it."""

    def forward(self, score: Tensor) -> TeacherResponse:
        """(B, 1, Hf, Wf) logits, named."""
        return TeacherResponse(score)


class NoLayers:
    """Backbone of a teacher without layers to distil: each question for one is refused."""

    def layer_name(self, layer: int) -> str:
        """Refuse, with the reason."""
        raise ValueError(
            'features of an mmtrack tracker cannot be distilled: it encodes other crops at another '
            'stride and has no layer that sees the same template and search tokens. Set '
            'layer_pairs=None; its response is distilled by prediction_weight.'
        )

    @property
    def joint_layers(self) -> List[int]:
        """Refuse, with the reason."""
        self.layer_name(0)
        return []


@MODELS.register_module()
class MMTrackTeacher(BaseModel):
    """Tracker of mmtrack that teaches its predictions, whatever its head and its crops.

    STARK [1] and SiamRPN++ [2] run on the student's training crops, brought to their own size and
    scale around the same centre. The response goes to the student's score map: of SiamRPN++ the
    best anchor's logit, of STARK the log probability of the centre between its two corners.
    Features are not distilled.

    Use it as ``teacher=dict(type='mmeatrack.MMTrackTeacher', config='mmtrack::sot/...')`` with the
    tracker's own checkpoint as ``teacher_ckpt``, and ``layer_pairs=None`` in the distiller.

    Args:
        config: Config of the tracker, or of a file whose ``model`` it is; ``mmtrack::`` begins the
            path of a config that mmtrack ships.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no tracker of a known kind.

    References:
        [1] Yan et al., Learning Spatio-Temporal Transformer for Visual Tracking (STARK), ICCV 2021,
            https://arxiv.org/abs/2103.17154
        [2] Li et al., SiamRPN++: Evolution of Siamese Visual Tracking with Very Deep Networks, CVPR
            2019, https://arxiv.org/abs/1812.11703
    """

    def __init__(self, config: Union[dict, str]) -> None:
        super().__init__()
        model = _model_of(config)
        kind = model.get('type')
        name = kind.split('.')[-1] if isinstance(kind, str) else getattr(kind, '__name__', kind)
        readers = {each.__name__: reader for each, reader in READERS.items()}
        if name not in readers:
            raise ValueError(
                f'{name} cannot teach: the kinds with a response to a pair of crops are '
                f'{sorted(readers)}. (PrDiMP fits its filter to the frames of a video.)'
            )
        with DefaultScope.overwrite_default_scope('mmtrack'):
            register_all_modules(init_default_scope=False)
            self.tracker = MMTRACK_MODELS.build(_without_pretrained(model))
        self._read = readers[name]
        self.head = ResponseHead()
        self.backbone = NoLayers()
        self._student: List[Any] = []  # in a list: no part of this module

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
            data_samples: Their annotations; ``padding_mask`` and ``search_padding_mask`` are read
                where they are there.
            mode: 'tensor' or 'predict'.

        Raises:
            RuntimeError: If there is no student, or losses are asked for.
        """
        if mode == 'predict':
            return self.tracker(inputs, data_samples, mode='predict', **kwargs)
        if mode != 'tensor' or not self._student:
            raise RuntimeError(
                f'an MMTrackTeacher works within a distillation and is not trained: mode={mode!r}.'
            )
        (student,) = self._student
        settings, backbone = student.test_cfg, student.backbone
        outside = _outside(inputs, data_samples)
        per_template = backbone.template_size / settings['template_factor']
        per_search = backbone.search_size / settings['search_factor']
        templates = [
            Crop(self._pixels(inputs['img'][:, i]), outside['img'][:, i], per_template)
            for i in range(inputs['img'].shape[1])
        ]
        search = Crop(
            self._pixels(inputs['search_img'][:, 0]), outside['search_img'][:, 0], per_search
        )
        response = self._read(self.tracker, templates, search)
        cells, size = backbone.search_grid, backbone.search_size
        return self.head(on_grid(response, cells, size, per_search))

    def val_step(self, data: Any) -> Any:
        """The tracker's own, with its own preprocessing."""
        return self.tracker.val_step(data)

    def _pixels(self, crop: Tensor) -> Tensor:
        """Pixels (B, 3, H, W), BGR, of the student's normalised crops."""
        preprocessor = self._student[0].data_preprocessor
        pixels = crop * preprocessor.std + preprocessor.mean
        return pixels[:, [2, 1, 0]] if preprocessor.channel_conversion else pixels


def _model_of(config: Union[dict, str]) -> Dict[str, Any]:
    if not isinstance(config, str):
        return copy.deepcopy(dict(config))
    if config.startswith(_PREFIX):
        shipped = Path(mmtrack.__file__).parent / '.mim' / 'configs'
        path = str(shipped / config[len(_PREFIX) :])
    else:
        path = find_path(config)
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'MMTrackTeacher: there is no config {path}. Give the path of a file, or that of a '
            f"config of mmtrack's after {_PREFIX!r}, such as "
            f"'{_PREFIX}sot/stark/stark-st1_r50_8xb16-500e_got10k.py'."
        )
    model: Dict[str, Any] = Config.fromfile(path).model
    return model


def _without_pretrained(config: Any) -> Any:
    """Copy of a config in which no part starts from downloaded weights: a teacher's are given."""
    if isinstance(config, (list, tuple)):
        return type(config)(_without_pretrained(item) for item in config)
    if not isinstance(config, dict):
        return config
    kept = {
        key: _without_pretrained(value)
        for key, value in config.items()
        if not (key == 'init_cfg' and isinstance(value, dict) and value.get('type') == 'Pretrained')
    }
    return type(config)(kept)


def _outside(
    inputs: Dict[str, Tensor], data_samples: Optional[List[TrackDataSample]]
) -> Dict[str, Tensor]:
    """Masks (B, T, H, W) of what lies outside the image, all False where they are not given."""
    masks = {}
    for key, name in (('img', 'padding_mask'), ('search_img', 'search_padding_mask')):
        crops = inputs[key]
        given = [getattr(each, name) for each in data_samples or () if hasattr(each, name)]
        if len(given) == len(crops):
            masks[key] = torch.stack([mask.to(crops.device).bool() for mask in given])
        else:
            shape = (*crops.shape[:2], *crops.shape[-2:])
            masks[key] = torch.zeros(shape, dtype=torch.bool, device=crops.device)
    return masks
