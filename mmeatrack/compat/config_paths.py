"""Paths in configs, found wherever a run starts.

OpenMMLab takes every path in a config from the folder where the run starts; ``_base_`` alone is
relative to the config. Here a relative path is looked for

1. in the folder of the config file that is loaded, then in those of the configs it inherits from,
2. in the folder where the run starts, as an option of the command line means it,
3. in this package's ``configs`` folder, the one around it, and the one around the package.

The first step belongs to the loading of the config, after which nothing knows its file: a path
found there becomes absolute. The others are taken when the file is opened, by :func:`find_path`.
"""

import os
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator, List, Optional, Sequence, Union

# Names under which configs of this package, mmtrack and MMEngine give a file or a folder to read.
_PATH_KEYS = (
    'teacher',
    'config',
    'ckpt',
    'teacher_ckpt',
    'student_ckpt',
    'pretrained',
    'checkpoint',
    'load_from',
    'data_root',
    'ann_file',
)


def package_configs() -> Path:
    """Folder of this package's configs: of the repository, or of the installed wheel."""
    package = Path(__file__).resolve().parents[1]
    installed = package / '.mim' / 'configs'
    return installed.resolve() if installed.is_dir() else package.parent / 'configs'


def find_path(path: str) -> str:
    """Path of a file that a config names, from here or from this package's configs.

    A URL, and a path where nothing is, come back as they are.
    """
    if os.path.exists(path) or _is_no_path(path):
        return path
    configs = package_configs()
    package = Path(__file__).resolve().parents[1]
    found = _find(path, [configs, configs.parent, package.parent])
    return path if found is None else found


def anchor_paths(config: Any, folders: Sequence[Path]) -> None:
    """Make paths in a config absolute, in place, that lie in a folder; the first one counts."""
    if isinstance(config, (list, tuple)):
        for item in config:
            anchor_paths(item, folders)
    if not isinstance(config, dict):
        return
    # By the keys alone: items() of a pure-Python config would import what it names. data_root comes
    # before ann_file, which is relative to it where it is there.
    for key in sorted(config, key=lambda key: key != 'data_root'):
        value = dict.__getitem__(config, key)
        if not isinstance(value, str):
            anchor_paths(value, folders)
        elif key in _PATH_KEYS and value and not _is_no_path(value):
            found = None if _is_in_root(config, key, value) else _find(value, folders)
            if found is not None:
                config[key] = found


def anchor_loaded_configs(module: ModuleType) -> None:
    """Let ``Config`` of ``mmengine.config.config`` anchor the paths of every file that it loads."""
    config_class = module.Config
    initialise = config_class.__init__

    def initialise_anchored(
        self: Any,
        cfg_dict: Optional[dict] = None,
        cfg_text: Optional[str] = None,
        filename: Optional[Union[str, Path]] = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        initialise(self, cfg_dict, cfg_text, filename, *args, **kwargs)
        if filename is not None and os.path.isfile(filename):
            folders = list(_folders(config_class, os.path.abspath(filename)))
            anchor_paths(self._cfg_dict, folders)

    config_class.__init__ = initialise_anchored


def name_package(module: ModuleType) -> None:
    """Let configs name this package, ``mmeatrack::eatrack/...``, by ``mmengine.config.utils``."""
    module.MODULE2PACKAGE.setdefault('mmeatrack', 'mmeatrack')


def _folders(config_class: Any, filename: str) -> Iterator[Path]:
    """Folders of a config file and of the files it inherits from, the nearest first."""
    pending: List[str] = [filename]
    seen: List[Path] = []
    for file in pending:
        folder = Path(file).resolve().parent
        if folder not in seen:
            seen.append(folder)
            yield folder
        if not config_class._is_lazy_import(file):
            bases = config_class._get_base_files(file)
            pending += [config_class._get_cfg_path(base, file)[0] for base in bases]


def _find(path: str, folders: Sequence[Path]) -> Optional[str]:
    found = next((folder / path for folder in folders if (folder / path).exists()), None)
    return None if found is None else str(Path(os.path.abspath(found)))


def _is_in_root(config: dict, key: str, value: str) -> bool:
    root = dict.get(config, 'data_root')
    return key == 'ann_file' and isinstance(root, str) and os.path.exists(os.path.join(root, value))


def _is_no_path(value: str) -> bool:
    return '://' in value or '::' in value or os.path.isabs(value)
