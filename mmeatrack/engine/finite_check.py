"""Search for NaN and infinity in a training batch and its losses."""

from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np
import torch
from mmengine.structures import BaseDataElement
from torch import Tensor


def bad_samples(batch: Any, on_device: bool = False) -> Dict[int, List[str]]:
    """Names of the images and annotations of a batch with NaN or infinity, by the sample's number.

    Args:
        batch: As the data loader gives it: ``inputs``, a dict of tensors or lists of tensors, and
            ``data_samples``, a list.
        on_device: Look at tensors on a GPU, too, and wait for it.
    """
    groups: Dict[Any, List[Tuple[int, str, Tensor]]] = {}
    for index, name, values in _values(batch):
        is_array = isinstance(values, np.ndarray) and values.dtype.kind == 'f'
        tensor = torch.from_numpy(values.astype(np.float64)) if is_array else values
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point() or not tensor.numel():
            continue
        if on_device or tensor.device.type == 'cpu':
            groups.setdefault((tensor.device, tensor.dtype), []).append((index, name, tensor))
    wrong: Dict[int, List[str]] = {}
    for group in groups.values():
        # One look at all of a kind; a norm may also overflow, so that a suspect is looked at again.
        norms = torch.stack(torch._foreach_norm([tensor.detach() for *_, tensor in group]))
        for (index, name, tensor), is_finite in zip(group, torch.isfinite(norms).tolist()):
            if not is_finite and not torch.isfinite(tensor).all():
                wrong.setdefault(index, []).append(name)
    return dict(sorted(wrong.items()))


def non_finite_data(batch: Any) -> Optional[str]:
    """Values of a batch that are not finite, with the names of their samples; None without any."""
    wrong = bad_samples(batch, on_device=True)
    if not wrong:
        return None
    names = sample_names(batch)
    return 'not finite: ' + '; '.join(
        f'{", ".join(found)} of {names[index]}' for index, found in wrong.items()
    )


def non_finite_losses(losses: Dict[str, Any]) -> Dict[str, float]:
    """Find the losses of a model that are not finite: name and value (the mean of several)."""
    found = {}
    for name, loss in losses.items():
        parts = [loss] if isinstance(loss, Tensor) else loss
        value = float(sum(part.detach().float().mean() for part in parts))
        if not np.isfinite(value):
            found[name] = value
    return found


def sample_names(batch: Any) -> List[str]:
    """Each sample of a batch by its images' paths, or by its number where it has none."""
    names = []
    for index, sample in enumerate(batch['data_samples']):
        paths: List[str] = []
        for key, value in sorted(sample.metainfo.items()):
            if key.endswith('img_path'):
                paths += [value] if isinstance(value, str) else list(map(str, value))
        names.append(' + '.join(dict.fromkeys(paths)) or f'sample {index}')
    return names


def _values(batch: Any) -> Iterator[Tuple[int, str, Any]]:
    """Sample number, name and value of all images and annotations."""
    for key, tensors in batch['inputs'].items():
        for index, tensor in enumerate(tensors):
            yield index, key, tensor
    for index, sample in enumerate(batch['data_samples']):
        for key, instances in sample.items():
            if isinstance(instances, BaseDataElement):
                for field, value in instances.items():
                    yield index, f'{key}.{field}', value
