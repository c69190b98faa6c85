"""Identity of a test run: all that decides its raw results."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

import numpy as np
from mmengine.runner import Runner
from mmtrack.datasets import BaseSOTDataset

from mmeatrack.models.wrappers import unwrap
from mmeatrack.version import __version__

# Default hooks that cannot change what a tracker gives.
HARMLESS_HOOKS = (
    'runtime_info', 'timer', 'logger', 'param_scheduler', 'checkpoint', 'sampler_seed',
    'deterministic_resume', 'non_finite_guard', 'visualization', 'benchmark_run',
    'benchmark_progress',
)  # fmt: skip
_NUM_WHOLE_FRAMES = 8  # whose content is hashed, of each sequence


def run_identity(runner: Runner) -> Dict[str, Any]:
    """Facts that decide about the results of a runner's test, ready for JSON.

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
    return dict(
        checkpoint=_file_sha256(cfg.get('load_from')) or cfg.get('load_from'),
        config_sha256=hashlib.sha256(text.encode()).hexdigest(),
        data=data_identity(runner.test_dataloader.dataset),
        device=model_facts(runner)[0],
        version=__version__,
    )


def data_identity(dataset: Any) -> Dict[str, Any]:
    """Identity of the data that a dataset for tests reads, by their place and their content.

    The dataset's class, its ``root`` and the folders in it, and of a
    :class:`mmtrack.datasets.BaseSOTDataset` the hash of its boxes, of the names and sizes of all
    frames, and of the content of eight frames from the first to the last of each sequence. Reading
    every file would take minutes for a benchmark.
    """
    facts: Dict[str, Any] = dict(type=type(dataset).__name__)
    root = getattr(dataset, 'data_root', None)
    if root:
        facts['root'] = str(Path(root).resolve())
    prefixes = getattr(dataset, 'data_prefix', None) or {}
    facts['folders'] = {key: str(Path(value).resolve()) for key, value in prefixes.items() if value}
    if isinstance(dataset, BaseSOTDataset):
        facts['content_sha256'] = _content_sha256(dataset)
    return facts


def model_facts(runner: Runner) -> Tuple[str, str]:
    """Return the type of the device and the number format of the model's weights."""
    for parameter in unwrap(runner.model).parameters():
        return parameter.device.type, str(parameter.dtype).replace('torch.', '')
    return 'cpu', 'float32'


def _content_sha256(dataset: BaseSOTDataset) -> str:
    digest = hashlib.sha256(repr(dataset.metainfo.get('seq_names')).encode())
    for index in range(dataset.num_videos):
        boxes = np.asarray(dataset.get_bboxes_from_video(index), dtype=np.float64)
        paths = [Path(path) for path in dataset.get_img_infos_from_video(index)['img_paths']]
        frames = [(path.parent.name, path.name, _file_size(path)) for path in paths]
        digest.update(repr((index, boxes.shape, frames)).encode())
        digest.update(boxes.tobytes())
        sample = np.linspace(0, len(paths) - 1, _NUM_WHOLE_FRAMES).round().astype(int)
        for each in sorted(set(sample.tolist())):
            digest.update((_file_sha256(str(paths[each])) or 'missing').encode())
    return digest.hexdigest()


def _file_size(path: Path) -> Optional[int]:
    """Size in bytes; None where there is no such local file."""
    try:
        return os.stat(path).st_size
    except OSError:
        return None


def _file_sha256(path: Optional[str]) -> Optional[str]:
    """The hash of a file's content; None where there is no such local file."""
    if not path or not Path(path).is_file():
        return None
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
