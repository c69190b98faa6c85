"""Toy tracker on disk: a config file and a checkpoint of random weights."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config

from tests.toys import build, mmtrack_scope, tracker_cfg


class ToyTracker(NamedTuple):
    """Paths of a tracker's files."""

    config: Path
    checkpoint: Path


def write_toy_tracker(folder: Path, **config: Any) -> ToyTracker:
    """Write both files; ``config`` holds further top-level values of the config."""
    model = tracker_cfg()
    with mmtrack_scope():
        tracker = build(model)
    content = dict(
        custom_imports=dict(imports=['mmeatrack'], allow_failed_imports=False),
        model=model,
        **config,
    )
    files = ToyTracker(folder / 'toy.py', folder / 'toy.pth')
    Config(content).dump(str(files.config))
    torch.save(dict(state_dict=tracker.state_dict(), meta={}), files.checkpoint)
    return files
