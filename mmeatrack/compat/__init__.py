"""Shims that run the OpenMMLab stack on today's PyTorch.

- :mod:`.mmrazor_import`: MMRazor 1.0.0 imports on torch > 2.0.
- :mod:`.checkpoint`: checkpoints load on torch >= 2.6, and none can run code.
- :mod:`.cpu`: ``--launcher pytorch`` and ``AmpOptimWrapper`` without CUDA.
- :mod:`.activation_checkpointing`: the backbone trains with MMEngine's option of that name.
- :mod:`.determinism`: ``deterministic=True`` trains on CUDA.
- :mod:`.compilation`: ``compile=True`` compiles backbone and head.
- :mod:`.inference`: MMTrack's ``inference_sot`` copies no frame.
- :mod:`.config_paths`: paths in configs are found wherever a run starts.
- :mod:`.versions`: one message for a version that does not fit the others.

A shim imports nothing: it waits for the import of its module, whoever imports it, and acts at once
where the module is loaded already.

``python -m mmeatrack.compat SCRIPT ARGS...`` runs any script unmodified with the shims in place;
:mod:`.launchers` does so with those that start several processes.
"""

from types import ModuleType

from mmeatrack.compat import import_hook
from mmeatrack.compat.versions import check_versions

__all__ = ['apply', 'check_versions']


def apply() -> None:
    """Install every shim. Calling it again changes nothing.

    Raises:
        RuntimeError: If mmtrack or mmrazor is imported beside a version that does not fit it;
            here where it is imported already, else at its import.
    """
    if import_hook.is_in_use():
        return
    _add_mmrazor_hooks()
    import_hook.add('mmengine.runner.checkpoint', after=_make_loaders_safe)
    import_hook.add('mmengine.dist.utils', after=_let_launcher_use_cpu)
    import_hook.add('mmengine.model.wrappers.distributed', after=_let_wrapper_use_cpu)
    import_hook.add('mmengine.optim.optimizer.amp_optimizer_wrapper', after=_let_amp_use_cpu)
    import_hook.add('mmengine.runner.activation_checkpointing', after=_checkpoint_with_gradients)
    import_hook.add('mmengine.runner.runner', after=_mend_runner)
    import_hook.add('mmengine.config.config', after=_anchor_config_paths)
    import_hook.add('mmengine.config.utils', after=_name_package)
    import_hook.add('mmtrack.apis.inference', after=_pack_without_copies)
    import_hook.add('mmtrack', before=check_versions)
    import_hook.add('mmrazor', before=check_versions)


def _add_mmrazor_hooks() -> None:
    from mmeatrack.compat.mmrazor_import import GATED_MODULES, close_torch_gates

    for name in GATED_MODULES:
        import_hook.add(name, rewrite=close_torch_gates)


def _anchor_config_paths(module: ModuleType) -> None:
    from mmeatrack.compat.config_paths import anchor_loaded_configs

    anchor_loaded_configs(module)


def _name_package(module: ModuleType) -> None:
    """Let configs name this package: ``mmeatrack::eatrack/...``."""
    module.MODULE2PACKAGE.setdefault('mmeatrack', 'mmeatrack')


# The modules below import torch, so they wait until the module that they patch has done so.


def _make_loaders_safe(module: ModuleType) -> None:
    from mmeatrack.compat.checkpoint import make_loaders_safe

    make_loaders_safe(module)


def _let_launcher_use_cpu(module: ModuleType) -> None:
    from mmeatrack.compat.cpu import let_launcher_use_cpu

    let_launcher_use_cpu(module)


def _let_wrapper_use_cpu(module: ModuleType) -> None:
    from mmeatrack.compat.cpu import let_wrapper_use_cpu

    let_wrapper_use_cpu(module)


def _let_amp_use_cpu(module: ModuleType) -> None:
    from mmeatrack.compat.cpu import let_amp_use_cpu

    let_amp_use_cpu(module)


def _checkpoint_with_gradients(module: ModuleType) -> None:
    from mmeatrack.compat.activation_checkpointing import use_variant_with_gradients

    use_variant_with_gradients(module)


def _mend_runner(module: ModuleType) -> None:
    from mmeatrack.compat.compilation import compile_parts
    from mmeatrack.compat.determinism import set_cublas_workspace

    set_cublas_workspace(module)
    compile_parts(module)


def _pack_without_copies(module: ModuleType) -> None:
    from mmeatrack.compat.inference import pack_without_copies

    pack_without_copies(module)
