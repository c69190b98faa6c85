"""Building the teacher and proving that its weights were loaded."""

from pathlib import Path
from typing import Any, Optional, Union

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.runner.checkpoint import _load_checkpoint
from torch import nn

from mmeatrack.registry import MODELS


def build_teacher(teacher: Union[dict, str, nn.Module]) -> Any:
    """Build the teacher from its config, or from the config file whose ``model`` it is.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file has no ``model``.
    """
    if isinstance(teacher, str):
        if not Path(teacher).is_file():
            raise FileNotFoundError(
                f'model.teacher names the config file {teacher!r}, which does not exist (seen from '
                f'{Path.cwd()}). Give a path from here or an absolute one.'
            )
        config = Config.fromfile(teacher)
        if 'model' not in config:
            raise ValueError(f'{teacher} has no `model`: name the config of the teacher itself.')
        teacher = config.model
    return MODELS.build(teacher) if isinstance(teacher, dict) else teacher


def check_checkpoint_is_given(path: Optional[str], allow_random_teacher: bool) -> None:
    """Refuse a teacher of random weights.

    Raises:
        ValueError: If there is no checkpoint and none is not allowed.
    """
    if path is None and not allow_random_teacher:
        raise ValueError(
            'teacher_ckpt is missing, and a random teacher teaches nothing: set '
            'model.teacher_ckpt (of several teachers: the ckpt of each) to a checkpoint of the '
            'teacher, or model.allow_random_teacher=True for a test of the machinery.'
        )


def load_teacher(teacher: Any, path: str) -> None:
    """Load a teacher's checkpoint and log what was matched.

    Args:
        teacher: The teacher.
        path: File or URL, as mmengine takes it.

    Raises:
        RuntimeError: If a parameter of the teacher is missing or has another shape; nothing is
            loaded then.
    """
    checkpoint = _load_checkpoint(path, map_location='cpu')
    weights = checkpoint.get('state_dict', checkpoint)
    own = teacher.state_dict()
    missing = [key for key in own if key not in weights]
    unexpected = [key for key in weights if key not in own]
    shapes = [key for key in own if key in weights and weights[key].shape != own[key].shape]
    report = (
        f'teacher {path}: {len(own) - len(missing) - len(shapes)} of {len(own)} tensors matched, '
        f'{len(missing)} missing {missing[:3]}, {len(shapes)} of another shape {shapes[:3]}, '
        f'{len(unexpected)} unexpected {unexpected[:3]}'
    )
    if missing or shapes:
        raise RuntimeError(
            f'{report}. This checkpoint is not of the configured teacher: set model.teacher to the '
            'config that it was trained with.'
        )
    teacher.load_state_dict({key: weights[key] for key in own}, strict=True)
    # mmengine would draw new weights for a module that it believes uninitialised.
    teacher._is_init = True
    print_log(report, 'current')
