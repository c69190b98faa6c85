"""Seed of torch in tests."""

import torch


def seed_torch(seed: int) -> None:
    """``torch.manual_seed``, which without a GPU keeps a stack trace of each call for one."""
    if torch.cuda.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)
