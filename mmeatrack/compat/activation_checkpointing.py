"""MMEngine's activation checkpointing in torch's variant without reentrant autograd.

MMEngine 0.10.7 does not choose a variant, and torch takes the reentrant one. That one turns named
tuples into plain ones, and gives no gradient to a module whose inputs need none. A backbone, whose
inputs are images, would stay as it is without an error, and so would layers whose outputs a
distillation has recorded.
"""

from functools import partial
from types import ModuleType

from torch.utils.checkpoint import checkpoint


def use_variant_with_gradients(module: ModuleType) -> None:
    """Make ``mmengine.runner.activation_checkpointing`` choose ``use_reentrant=False``."""
    vars(module)['checkpoint'] = partial(checkpoint, use_reentrant=False)
