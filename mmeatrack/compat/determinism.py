"""Deterministic training on CUDA.

With ``randomness=dict(deterministic=True)`` MMEngine 0.10.7 asks torch for deterministic
algorithms, and torch then refuses the first matrix product, unless ``CUBLAS_WORKSPACE_CONFIG``
names a workspace of fixed size. cuBLAS reads it when it is first used, after the runner has set
its randomness.
"""

import os
from types import ModuleType
from typing import Any, Optional

# The larger one of the two that cuBLAS documents as reproducible.
_WORKSPACE = ':4096:8'


def set_cublas_workspace(module: ModuleType) -> None:
    """Make the runner of ``mmengine.runner.runner`` set the variable where it is missing."""
    runner = module.Runner
    set_randomness = runner.set_randomness

    def with_workspace(
        self: Any, seed: Optional[int], diff_rank_seed: bool = False, deterministic: bool = False
    ) -> None:
        if deterministic:
            os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', _WORKSPACE)
        set_randomness(self, seed, diff_rank_seed, deterministic)

    runner.set_randomness = with_workspace
