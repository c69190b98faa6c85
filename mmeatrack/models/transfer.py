"""Copies from the data loader to the device."""

import torch
from torch import Tensor


def send(values: Tensor, device: torch.device) -> Tensor:
    """Copy to a device without a wait of the host: from pinned memory where the device is a GPU."""
    if values.device == device or device.type != 'cuda' or values.device.type != 'cpu':
        return values.to(device)
    pinned = values if values.is_pinned() else values.pin_memory()
    return pinned.to(device, non_blocking=True)
