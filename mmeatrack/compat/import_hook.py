"""Hooks on the import of other libraries' modules, and the rewriting of MMRazor's.

A hook acts on the import itself, whoever asks for it and however late: a script that imports
MMRazor before it reads a config is served as well as the config. Modules without a hook are found
and loaded as usual.

While it is imported, MMRazor 1.0.0 builds quantization configs from names of
``torch.ao.quantization`` that torch > 2.0 has renamed or removed (with 2.13 it stops at
``nnqr.Conv1d``). All of ``mmrazor.models`` and ``mmrazor.engine`` imports them, though distillation
needs none of it. The code is under
``if digit_version(torch.__version__) >= digit_version('1.13.0')``; the modules below take the other
branch if the names are missing. Only their syntax tree is changed: ``torch.__version__`` and
``digit_version`` stay as they are, so there is nothing to restore when the import succeeds or
fails.
"""

import ast
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType
from typing import Callable, Dict, NamedTuple, Optional, Sequence

GATED_MODULES = (
    'mmrazor.structures.quantization.backend_config.common_operator_config_utils',
    'mmrazor.structures.quantization.backend_config.mapping',
    'mmrazor.models.quantizers.native_quantizer',
)
"""Modules of MMRazor 1.0.0 that check torch's version while they are imported."""

Before = Callable[[], None]
After = Callable[[ModuleType], None]
Rewrite = Callable[[ast.Module], ast.Module]


class _Hook(NamedTuple):
    before: Optional[Before]
    after: Optional[After]
    rewrite: Optional[Rewrite]


class _HookFinder(MetaPathFinder):
    """Attaches the hooks to modules that the other finders find."""

    def __init__(self) -> None:
        self.hooks: Dict[str, _Hook] = {}

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]] = None,
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        if fullname not in self.hooks:
            return None
        spec = None
        for finder in sys.meta_path:
            # Finders of old libraries lack find_spec.
            if spec is None and finder is not self and hasattr(finder, 'find_spec'):
                spec = finder.find_spec(fullname, path, target)
        # Each spec has its own loader: what is attached to it affects this import only.
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            _attach(spec.loader, self.hooks[fullname])
        return spec


def _attach(loader: SourceFileLoader, hook: _Hook) -> None:
    execute, rewrite = loader.exec_module, hook.rewrite

    def exec_module(module: ModuleType) -> None:
        if hook.before is not None:
            hook.before()
        execute(module)
        if hook.after is not None:
            hook.after(module)

    loader.exec_module = exec_module  # type: ignore[method-assign]
    if rewrite is None:
        return

    def get_code(fullname: str) -> CodeType:
        # The loader's own would keep the result as the module's .pyc file, where runs without the
        # hook would find it.
        path = loader.get_filename(fullname)
        tree = ast.parse(loader.get_data(path), filename=path)
        return compile(rewrite(tree), path, 'exec', dont_inherit=True)

    loader.get_code = get_code  # type: ignore[method-assign]


_FINDER = _HookFinder()


def add(
    name: str,
    *,
    before: Optional[Before] = None,
    after: Optional[After] = None,
    rewrite: Optional[Rewrite] = None,
) -> None:
    """Hook the import of one module; act at once if it is loaded already.

    Args:
        name: Full name of the module.
        before: Called before the module runs; the import raises what it raises.
        after: Called with the module once it has run.
        rewrite: Maps the module's syntax tree to the one to run instead. It does not affect a
            module that is loaded already.
    """
    _FINDER.hooks[name] = _Hook(before, after, rewrite)
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    module = sys.modules.get(name)
    if module is not None:
        if before is not None:
            before()
        if after is not None:
            after(module)


def is_in_use() -> bool:
    """Return whether any hook has been added."""
    return _FINDER in sys.meta_path


def has_quantization_names() -> bool:
    """Return whether torch still has the names that MMRazor's quantization configs need."""
    import torch.ao.quantization.fuser_method_mappings as mappings

    names = ('reverse2', 'reverse3', 'reverse_sequential_wrapper2')
    return all(hasattr(mappings, name) for name in names)


def close_torch_gates(tree: ast.Module) -> ast.Module:
    """Make ``if digit_version(torch.__version__) ...`` at a module's top level false, in place.

    The tree is not changed if torch has the names behind the gates.
    """
    if has_quantization_names():
        return tree
    version = ast.dump(ast.parse('torch.__version__', mode='eval').body)
    for node in tree.body:
        if isinstance(node, ast.If) and version in map(ast.dump, ast.walk(node.test)):
            node.test = ast.copy_location(ast.Constant(value=False), node.test)
    return ast.fix_missing_locations(tree)
