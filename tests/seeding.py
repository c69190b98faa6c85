"""Seeding of torch in tests."""

import torch


def seed_torch(seed: int) -> None:
    """``torch.manual_seed``; without a GPU, that stores a stack trace of each call."""
    if torch.cuda.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)
