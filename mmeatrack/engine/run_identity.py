"""Identity of a test run: everything that determines its raw results."""

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

import numpy as np
from mmengine.runner import Runner
from mmtrack.datasets import BaseSOTDataset

from mmeatrack.models.wrappers import unwrap
from mmeatrack.version import __version__

# Default hooks that do not affect a tracker's results.
HARMLESS_HOOKS = (
    'runtime_info', 'timer', 'logger', 'param_scheduler', 'checkpoint', 'sampler_seed',
    'deterministic_resume', 'non_finite_guard', 'visualization', 'benchmark_run',
    'benchmark_progress',
)  # fmt: skip
_NUM_HASHED_FRAMES = 8  # in each sequence


def run_identity(runner: Runner) -> Dict[str, Any]:
    """Everything that determines the results of a runner's test, as JSON values.

    ``checkpoint`` (hash of the file), ``config_sha256`` (model, dataset, hooks, test loop),
    ``data`` (see :func:`data_identity`), ``device`` and the ``version`` of this package.
    """
    cfg = runner.cfg
    default_hooks = cfg.get('default_hooks') or {}
    settings = dict(
        model=cfg.get('model'),
        data_preprocessor=cfg.get('data_preprocessor'),
        dataset=cfg.test_dataloader.get('dataset'),
        test_cfg=cfg.get('test_cfg'),
        custom_hooks=cfg.get('custom_hooks'),
        default_hooks={k: v for k, v in default_hooks.items() if k not in HARMLESS_HOOKS},
    )
    text = json.dumps(settings, sort_keys=True, default=str)
    load_from = cfg.get('load_from')
    return dict(
        checkpoint=(_file_sha256(Path(load_from)) or load_from) if load_from else load_from,
        config_sha256=hashlib.sha256(text.encode()).hexdigest(),
        data=data_identity(runner.test_dataloader.dataset),
        device=model_facts(runner)[0],
        version=__version__,
    )


def data_identity(dataset: Any) -> Dict[str, Any]:
    """Identity of the data that a test dataset reads, by location and content.

    It has the dataset's class, its ``root`` and the folders in it. For a
    :class:`mmtrack.datasets.BaseSOTDataset` it also has a hash of the boxes, the names and sizes
    of all frames, and the content of eight frames from the first to the last of each sequence.
    Reading every frame would take minutes for a benchmark.
    """
    root = getattr(dataset, 'data_root', None)
    prefixes = getattr(dataset, 'data_prefix', None) or {}
    facts: Dict[str, Any] = dict(
        type=type(dataset).__name__,
        folders={key: str(Path(value).resolve()) for key, value in prefixes.items() if value},
    )
    if root:
        facts['root'] = str(Path(root).resolve())
    if isinstance(dataset, BaseSOTDataset):
        facts['content_sha256'] = _content_sha256(dataset)
    return facts


def model_facts(runner: Runner) -> Tuple[str, str]:
    """Return the device type and the number format of the model's weights."""
    for parameter in unwrap(runner.model).parameters():
        return parameter.device.type, str(parameter.dtype).replace('torch.', '')
    return 'cpu', 'float32'


def _content_sha256(dataset: BaseSOTDataset) -> str:
    digest = hashlib.sha256(repr(dataset.metainfo.get('seq_names')).encode())
    for index in range(dataset.num_videos):
        boxes = np.asarray(dataset.get_bboxes_from_video(index), dtype=np.float64)
        paths = [Path(path) for path in dataset.get_img_infos_from_video(index)['img_paths']]
        sizes = [path.stat().st_size if path.is_file() else None for path in paths]
        frames = [(path.parent.name, path.name, size) for path, size in zip(paths, sizes)]
        digest.update(repr((index, boxes.shape, frames)).encode())
        digest.update(boxes.tobytes())
        sample = np.linspace(0, len(paths) - 1, _NUM_HASHED_FRAMES).round().astype(int)
        for each in sorted(set(sample.tolist())):
            digest.update((_file_sha256(paths[each]) or 'missing').encode())
    return digest.hexdigest()


def _file_sha256(path: Path) -> Optional[str]:
    """Hash of a file's content; None if there is no such local file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
