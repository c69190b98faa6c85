"""Frozen teachers: construction, weights, and their part in checkpoints."""

import logging
from pathlib import Path
from typing import Any, Dict, Union

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.utils import get_installed_path
from mmtrack.models.sot import PrDiMP, SiamRPN, Stark
from torch import Tensor, nn

from mmeatrack.compat.config_paths import find_path, package_configs
from mmeatrack.conversion.ostrack import convert_if_ostrack
from mmeatrack.log import warn
from mmeatrack.models.checkpoint_fit import load_matching, load_weights
from mmeatrack.registry import MODELS


def read_model(path: str) -> Dict[str, Any]:
    """Return the ``model`` of a config file; ``mmtrack::sot/...`` is a config that mmtrack ships.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file has no ``model``.
    """
    package, _, name = path.rpartition('::')
    file = Path(get_installed_path(package), '.mim/configs', name) if package else find_path(path)
    if not Path(file).is_file():
        raise FileNotFoundError(
            f"the teacher's config file {path!r} does not exist, neither next to the config nor in "
            f'{Path.cwd()} or {package_configs()}. Give a path relative to one of them, an '
            "absolute path, or a package's config, such as 'mmtrack::sot/stark/"
            "stark-st1_r50_8xb16-500e_got10k.py'."
        )
    config = Config.fromfile(file)
    if 'model' not in config:
        raise ValueError(f'{path} has no `model`: give the config file of the teacher itself.')
    return config.model


def build_teacher(teacher: Union[dict, str, nn.Module]) -> Any:
    """Build the teacher from its config or config file, or return a built one.

    Raises:
        FileNotFoundError, ValueError: See :func:`read_model`.
        TypeError: If it is a tracker of mmtrack's own, which has no tensor mode.
    """
    config = read_model(teacher) if isinstance(teacher, str) else teacher
    built = MODELS.build(config) if isinstance(config, dict) else config
    if isinstance(built, (SiamRPN, Stark, PrDiMP)):
        raise TypeError(
            f"the teacher is mmtrack's {type(built).__name__}, which has other crops and another "
            "head: give teacher=dict(type='mmeatrack.MMTrackTeacher', config=<its config>)."
        )
    return built


def load_teacher(tracker: Any, path: str) -> None:
    """Load a checkpoint of this package, of mmtrack or of OSTrack, and log what was matched.

    Raises:
        RuntimeError: If a parameter of the tracker is missing or has another shape; nothing is
            loaded then.
    """
    remedy = 'Set model.teacher to the config that it was trained with.'
    weights = convert_if_ostrack(load_weights(path))
    fit = load_matching(tracker, weights, f'teacher {path}', remedy)
    # mmengine would draw new weights for a module that it believes uninitialised.
    tracker._is_init = True
    # A deeper teacher's checkpoint would otherwise pass for a shallower one's without a warning.
    level = logging.WARNING if fit.unknown else logging.INFO
    print_log(f'teacher {path}: {fit}', 'current', level)


def omit_loaded_teachers(model: Any, state_dict: Dict[str, Tensor], prefix: str, *_: Any) -> None:
    """State dict hook that removes, in place, the teachers that were loaded from a file."""
    for name, file in model.teacher_files.items():
        for key in [key for key in state_dict if file and key.startswith(f'{prefix}{name}.')]:
            del state_dict[key]


def keep_configured_teachers(model: Any, state_dict: Dict[str, Tensor], prefix: str) -> None:
    """Put a model's own teachers into a state dict that is about to be loaded, in place.

    A teacher that was loaded from the configured file stays, even if the checkpoint holds one, as
    those of earlier releases do. A teacher without a file comes from the checkpoint if it is there.
    """
    for name, file in model.teacher_files.items():
        stem, teacher = f'{prefix}{name}.', model.get_submodule(name)
        own = {f'{stem}{key}': value for key, value in teacher.state_dict().items()}
        given = {key: state_dict.pop(key) for key in [*state_dict] if key.startswith(stem)}
        state_dict.update(given if given and file is None else own)
        if not given and file is None:
            warn(
                f'the checkpoint has no {name}, and the config names no file for it: its random '
                'weights are kept. They do not matter for a test.'
            )
        elif given and file is not None and not _are_equal(own, given):
            warn(
                f'the checkpoint was distilled from another {name}; the configured one is kept: '
                f'{file}'
            )


def _are_equal(one: Dict[str, Tensor], other: Dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        one[key].shape == other[key].shape and bool((one[key].cpu() == other[key].cpu()).all())
        for key in one
    )
