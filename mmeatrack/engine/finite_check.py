"""Search for NaN and infinity in a training batch and its losses."""

from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np
import torch
from mmengine.structures import BaseDataElement
from torch import Tensor


def bad_samples(batch: Any, on_device: bool = False) -> Dict[int, List[str]]:
    """Names of the images and annotations with NaN or infinity, by index of the sample.

    Args:
        batch: Batch of a data loader: ``inputs``, a dict of tensors or lists of tensors, and
            ``data_samples``, a list.
        on_device: Include tensors on a GPU, which waits for it.
    """
    wrong: Dict[int, List[str]] = {}
    for index, name, values in _values(batch):
        if isinstance(values, Tensor) and values.is_floating_point():
            if values.device.type != 'cpu' and not on_device:
                continue
            # NumPy has no bfloat16; promotion makes it float32 and leaves the other types.
            dtype = torch.promote_types(values.dtype, torch.float16)
            values = values.detach().cpu().to(dtype).numpy()
        is_float = isinstance(values, np.ndarray) and values.dtype.kind == 'f'
        if is_float and not np.isfinite(values).all():
            wrong.setdefault(index, []).append(name)
    return dict(sorted(wrong.items()))


def non_finite_data(batch: Any) -> Optional[str]:
    """Names of a batch's values and samples that are not finite, as a message; None without any."""
    wrong = bad_samples(batch, on_device=True)
    if not wrong:
        return None
    names = sample_names(batch)
    return 'not finite: ' + '; '.join(
        f'{", ".join(found)} of {names[index]}' for index, found in wrong.items()
    )


def non_finite_losses(losses: Dict[str, Any]) -> Dict[str, float]:
    """Losses of a model that are not finite, by name; of a list the sum of the means."""
    found = {name: float(total_loss(loss).mean()) for name, loss in losses.items()}
    return {name: value for name, value in found.items() if not np.isfinite(value)}


def total_loss(losses: Any) -> Tensor:
    """Loss that MMEngine logs, detached: a tensor itself, of a list the sum of the means."""
    if isinstance(losses, Tensor):
        return losses.detach()
    total: Tensor = sum(each.detach().mean() for each in losses)
    return total


def sample_names(batch: Any) -> List[str]:
    """Image paths of each sample of a batch, or its index if it has none."""
    names = []
    for index, sample in enumerate(batch['data_samples']):
        paths: List[str] = []
        for key, value in sorted(sample.metainfo.items()):
            if key.endswith('img_path'):
                paths += [value] if isinstance(value, str) else list(map(str, value))
        names.append(' + '.join(dict.fromkeys(paths)) or f'sample {index}')
    return names


def _values(batch: Any) -> Iterator[Tuple[int, str, Any]]:
    """Sample index, name and value of all images and annotations."""
    for key, tensors in batch['inputs'].items():
        for index, tensor in enumerate(tensors):
            yield index, key, tensor
    for index, sample in enumerate(batch['data_samples']):
        for key, instances in sample.items():
            if isinstance(instances, BaseDataElement):
                for field, value in instances.items():
                    yield index, f'{key}.{field}', value
