"""Shims that run the OpenMMLab stack on today's PyTorch.

- :mod:`.import_hook`: MMRazor 1.0.0 imports on torch > 2.0.
- :mod:`.checkpoint`: checkpoints load on torch >= 2.6, and none can run code.
- :mod:`.cpu`: ``--launcher pytorch`` and ``AmpOptimWrapper`` work without CUDA.
- :mod:`.runner`: ``compile=True`` compiles backbone and head, ``deterministic=True`` trains on
  CUDA, and activation checkpointing trains the backbone.
- :mod:`.inference`: MMTrack's ``inference_sot`` does not copy the frame.
- :mod:`.config_paths`: paths in configs do not depend on where a run starts.
- :mod:`.versions`: one message for all versions that do not fit.

A shim imports nothing: it waits for the import of its module, whoever imports it, and acts at once
if the module is loaded already.

``python -m mmeatrack.compat SCRIPT ARGS...`` runs any script unmodified with the shims in place;
:mod:`.scripts` starts those with several processes.
"""

from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Sequence

from mmeatrack.compat import import_hook
from mmeatrack.compat.versions import check_versions

__all__ = ['apply', 'check_versions']


# Functions of this package that patch a module once it has run, as MODULE.FUNCTION. They import
# torch, so they are imported after the module that they patch.
_PATCHES = {
    'mmengine.runner.checkpoint': ['checkpoint.make_loaders_safe'],
    'mmengine.dist.utils': ['cpu.let_launcher_use_cpu'],
    'mmengine.model.wrappers.distributed': ['cpu.let_wrapper_use_cpu'],
    'mmengine.optim.optimizer.amp_optimizer_wrapper': ['cpu.let_amp_use_cpu'],
    'mmengine.runner.activation_checkpointing': ['runner.use_non_reentrant_checkpoint'],
    'mmengine.runner.runner': ['runner.set_cublas_workspace', 'runner.compile_parts'],
    'mmengine.config.config': ['config_paths.anchor_loaded_configs'],
    'mmengine.config.utils': ['config_paths.name_package'],
    'mmtrack.apis.inference': ['inference.pack_without_copies'],
}


def apply() -> None:
    """Install every shim, once.

    Raises:
        RuntimeError: If a version does not fit mmtrack or mmrazor, either of which is imported
            already. Otherwise their import raises it.
    """
    if import_hook.is_in_use():
        return
    for name in import_hook.GATED_MODULES:
        import_hook.add(name, rewrite=import_hook.close_torch_gates)
    for name, patches in _PATCHES.items():
        import_hook.add(name, after=partial(_patch, patches=patches))
    import_hook.add('mmtrack', before=check_versions)
    import_hook.add('mmrazor', before=check_versions)


def _patch(module: ModuleType, patches: Sequence[str]) -> None:
    for patch in patches:
        file, function = patch.split('.')
        getattr(import_module(f'{__name__}.{file}'), function)(module)
