"""Frozen teachers: construction, weights, and their part in checkpoints and copies."""

import logging
from pathlib import Path
from typing import Any, Dict, Optional, Union

from mmengine.config import Config
from mmengine.logging import print_log
from mmtrack.models.sot import PrDiMP, SiamRPN, Stark
from torch import Tensor, nn

from mmeatrack.compat.config_paths import find_path, package_configs
from mmeatrack.conversion.ostrack import under_own_names
from mmeatrack.log import warn
from mmeatrack.models.checkpoint_fit import compare, load_weights, refuse_other_model
from mmeatrack.models.distillers.mmtrack_teacher import MMTrackTeacher
from mmeatrack.registry import MODELS


def build_teacher(teacher: Union[dict, str, nn.Module]) -> Any:
    """Build the teacher from its config, or from the config file whose ``model`` it is.

    Raises:
        FileNotFoundError: If there is no such file.
        TypeError: If it is a tracker of mmtrack's own, which has no tensor mode.
        ValueError: If the file has no ``model``.
    """
    if isinstance(teacher, str):
        path = find_path(teacher)
        if not Path(path).is_file():
            raise FileNotFoundError(
                f'model.teacher names the config file {teacher!r}, which does not exist, seen from '
                f'the config, from {Path.cwd()} or from {package_configs()}. Give a path from one '
                'of them or an absolute one.'
            )
        config = Config.fromfile(path)
        if 'model' not in config:
            raise ValueError(f'{teacher} has no `model`: name the config of the teacher itself.')
        teacher = config.model
    built = MODELS.build(teacher) if isinstance(teacher, dict) else teacher
    if isinstance(built, (SiamRPN, Stark, PrDiMP)):
        raise TypeError(
            f"the teacher is mmtrack's {type(built).__name__}, which has other crops and another "
            "head: give teacher=dict(type='mmeatrack.MMTrackTeacher', config=<its config>)."
        )
    return built


def bind_teacher(teacher: Any, student: Any) -> None:
    """Give the student to a teacher that takes other crops."""
    if isinstance(teacher, MMTrackTeacher):
        teacher.bind(student)


def check_checkpoint_is_given(path: Optional[str], allow_random_teacher: bool) -> None:
    """Refuse a teacher of random weights (ValueError), unless it is allowed."""
    if path is None and not allow_random_teacher:
        raise ValueError(
            'teacher_ckpt is missing, and a random teacher teaches nothing: set '
            'model.teacher_ckpt (of several teachers: the ckpt of each) to a checkpoint of the '
            'teacher, or model.allow_random_teacher=True for a test of the machinery.'
        )


def load_teacher(teacher: Any, path: str) -> None:
    """Load a teacher's checkpoint, of this package or of OSTrack, and log what was matched.

    Raises:
        RuntimeError: If a parameter of the teacher is missing or has another shape; nothing is
            loaded then.
    """
    weights = under_own_names(load_weights(path))
    tracker = teacher.tracker if isinstance(teacher, MMTrackTeacher) else teacher
    own = tracker.state_dict()
    fit = compare(own, weights)
    refuse_other_model(
        fit,
        tracker,
        f'teacher {path}',
        'Set model.teacher to the config that it was trained with.',
        allow_unknown=True,
    )
    tracker.load_state_dict({k: v for k, v in weights.items() if k in own}, strict=False)
    # mmengine would draw new weights for a module that it believes uninitialised.
    teacher._is_init = True
    # A deeper teacher's checkpoint would otherwise pass for a shallower one's without a word.
    level = logging.WARNING if fit.unknown else logging.INFO
    print_log(f'teacher {path}: {fit}', 'current', level)


def leave_out_teachers(model: Any, state_dict: Dict[str, Tensor], prefix: str, *_: Any) -> None:
    """State dict hook that leaves out, in place, the teachers that a file holds already."""
    for name in model.teacher_files:
        for key in [key for key in state_dict if key.startswith(f'{prefix}{name}.')]:
            del state_dict[key]


def keep_configured_teachers(model: Any, state_dict: Dict[str, Tensor], prefix: str) -> None:
    """Put a model's own teachers into a state dict that is about to be loaded, in place.

    A teacher that was loaded from the configured file stays, whatever the checkpoint has (those of
    earlier releases have one). One without a file is taken from the checkpoint if that has one.
    """
    for index, teacher in enumerate(model.teachers):
        name = 'teacher' if index == 0 else f'other_teachers.{index - 1}'
        own = {f'{prefix}{name}.{key}': value for key, value in teacher.state_dict().items()}
        given = [key for key in state_dict if key.startswith(f'{prefix}{name}.')]
        if given and name not in model.teacher_files:
            continue
        if not given and name not in model.teacher_files:
            warn(
                f'the checkpoint has no {name}, and the config names no file of it: its random '
                'weights are kept. They do not matter for a test.'
            )
        if given and not _are_equal(own, {key: state_dict[key] for key in given}):
            warn(
                f'the checkpoint was distilled from another {name}; the configured one is kept: '
                f'{model.teacher_files[name]}'
            )
        for key in given:
            del state_dict[key]
        state_dict.update(own)


def share_weights(teacher: nn.Module, memo: Dict[int, Any]) -> None:
    """Let a deep copy have the memory of the frozen teacher's weights."""
    for parameter in teacher.parameters():
        memo[id(parameter)] = nn.Parameter(parameter.detach(), requires_grad=False)
    for buffer in teacher.buffers():
        memo[id(buffer)] = buffer.detach()


def _are_equal(one: Dict[str, Tensor], other: Dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        one[key].shape == other[key].shape and bool((one[key].cpu() == other[key].cpu()).all())
        for key in one
    )
