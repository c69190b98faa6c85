"""Lookup of the paths in configs, independent of the folder where a run starts.

OpenMMLab resolves the paths in a config against the working directory; only ``_base_`` is relative
to the config. Here a relative path is looked for

1. in the folder of the config file, then in those of the configs that it inherits from,
2. in the working directory, as is usual for command line options,
3. in this package's ``configs`` folder and its parent, and next to the package.

The first step takes place when the config is loaded, because its file is not known later: a path
found there becomes absolute. :func:`find_path` does the others when the file is opened.
"""

import os
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator, List, Optional, Sequence

# Keys of files and folders to read, in configs of this package, mmtrack and MMEngine.
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
    """Folder of this package's configs, in the repository or the installed wheel."""
    package = Path(__file__).resolve().parents[1]
    installed = package / '.mim' / 'configs'
    return installed.resolve() if installed.is_dir() else package.parent / 'configs'


def find_path(path: str) -> str:
    """Path of a file named by a config, in the working directory or this package's configs.

    A URL, and a path that does not exist, are returned unchanged.
    """
    if os.path.exists(path):
        return path
    configs = package_configs()
    return _find(path, [configs, configs.parent, Path(__file__).resolve().parents[2]]) or path


def anchor_paths(config: Any, folders: Sequence[Path]) -> None:
    """Make the paths in a config absolute, in place, that exist in one of the folders."""
    if isinstance(config, (list, tuple)):
        for item in config:
            anchor_paths(item, folders)
    if not isinstance(config, dict):
        return
    # Only the keys are iterated: items() of a pure-Python config would import the types it names.
    # data_root comes before ann_file, which may be relative to it.
    for key in sorted(config, key=lambda key: key != 'data_root'):
        value = dict.__getitem__(config, key)
        if not isinstance(value, str):
            anchor_paths(value, folders)
        elif key in _PATH_KEYS and value and not _is_in_data_root(config, key, value):
            config[key] = _find(value, folders) or value


def anchor_loaded_configs(module: ModuleType) -> None:
    """Make ``Config`` of ``mmengine.config.config`` anchor the paths of each file it loads."""
    config_class = module.Config
    initialise = config_class.__init__

    def initialise_anchored(self: Any, *args: Any, **kwargs: Any) -> None:
        initialise(self, *args, **kwargs)
        if self.filename is not None and os.path.isfile(self.filename):
            folders = list(_folders(config_class, os.path.abspath(self.filename)))
            anchor_paths(self._cfg_dict, folders)

    config_class.__init__ = initialise_anchored


def name_package(module: ModuleType) -> None:
    """Teach ``mmengine.config.utils`` config names such as ``mmeatrack::eatrack/...``."""
    module.MODULE2PACKAGE.setdefault('mmeatrack', 'mmeatrack')


def _folders(config_class: Any, filename: str) -> Iterator[Path]:
    """Folders of a config file and of the files it inherits from, nearest first."""
    pending: List[str] = [filename]
    for file in pending:
        yield Path(file).resolve().parent
        if not config_class._is_lazy_import(file):
            bases = config_class._get_base_files(file)
            pending += [config_class._get_cfg_path(base, file)[0] for base in bases]


def _find(path: str, folders: Sequence[Path]) -> Optional[str]:
    found = (folder / path for folder in folders if (folder / path).exists())
    return next(map(os.path.abspath, found), None)


def _is_in_data_root(config: dict, key: str, value: str) -> bool:
    root = dict.get(config, 'data_root')
    return key == 'ann_file' and isinstance(root, str) and os.path.exists(os.path.join(root, value))
