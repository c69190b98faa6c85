"""Hooks on the import of other libraries' modules.

A hook acts on the import itself, whoever asks for it and however late: a script that imports
MMRazor before any config is read is served like a config is. Modules without a hook are found and
loaded as ever.
"""

import ast
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType
from typing import Callable, Dict, NamedTuple, Optional, Sequence, cast

Before = Callable[[], None]
After = Callable[[ModuleType], None]
Rewrite = Callable[[ast.Module], ast.Module]


class _Hook(NamedTuple):
    before: Optional[Before]
    after: Optional[After]
    rewrite: Optional[Rewrite]


class _HookFinder(MetaPathFinder):
    """Finds the modules that have a hook through the other finders, and attaches the hook."""

    def __init__(self) -> None:
        self.hooks: Dict[str, _Hook] = {}

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]] = None,
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        hook = self.hooks.get(fullname)
        if hook is None:
            return None
        spec = self._find_elsewhere(fullname, path, target)
        # A spec has a loader of its own, so what is attached to it reaches this import only.
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            _attach(spec.loader, hook)
        return spec

    def _find_elsewhere(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType]
    ) -> Optional[ModuleSpec]:
        for finder in sys.meta_path:
            find_spec = getattr(finder, 'find_spec', None)  # finders of old libraries lack it
            if finder is self or find_spec is None:
                continue
            spec = find_spec(fullname, path, target)
            if spec is not None:
                return cast(ModuleSpec, spec)
        return None


def _attach(loader: SourceFileLoader, hook: _Hook) -> None:
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        if hook.before is not None:
            hook.before()
        execute(module)
        if hook.after is not None:
            hook.after(module)

    def get_code(fullname: str) -> CodeType:
        # Compiled here and not by the loader, which would keep the result as the module's .pyc
        # file, where runs without the hook would find it.
        path = loader.get_filename(fullname)
        tree = ast.parse(loader.get_data(path), filename=path)
        rewrite = cast(Rewrite, hook.rewrite)
        return compile(rewrite(tree), path, 'exec', dont_inherit=True)

    loader.exec_module = exec_module  # type: ignore[method-assign]
    if hook.rewrite is not None:
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
        before: Called before the module runs. What it raises is raised by the import.
        after: Called with the module once it has run.
        rewrite: Given the module's syntax tree, returns the tree to run in its place. Has no
            effect on a loaded module, which is not run again.
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
