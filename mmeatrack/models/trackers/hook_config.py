"""Target Store of a config that asks for it by a hook, for trackers that run without hooks."""

from itertools import chain
from typing import Any, Iterator, Mapping, Optional

from mmeatrack.registry import HOOKS


def store_of_hooks(cfg: Mapping[str, Any]) -> Optional[dict]:
    """Config of the :class:`TargetStore` that a test run's last hook for it switches on, or None.

    The hook may be named in any way that MMEngine builds: ``mmeatrack.TemporalAdaptationHook``, its
    full path as a dumped config has it, the class itself as a pure-Python config has it, or an
    instance; in ``custom_hooks`` or ``default_hooks``. ValueError if it names a hook of this
    package that does not exist.
    """
    found = None
    for hook in _hooks(cfg):
        if isinstance(hook, Mapping):
            configure = getattr(_hook_class(hook.get('type')), 'store_config', None)
            found = found if configure is None else configure(hook.get('store'))
        elif hasattr(hook, 'store_config'):
            found = hook.store
    return found


def _hooks(cfg: Mapping[str, Any]) -> Iterator[Any]:
    default_hooks = cfg.get('default_hooks') or {}
    return chain(default_hooks.values(), cfg.get('custom_hooks') or ())


def _hook_class(kind: Any) -> Any:
    """Class of a hook's ``type``; None for a hook of another library that is not registered."""
    if not isinstance(kind, str):
        return kind
    try:
        found = HOOKS.get(kind)
    except (RuntimeError, ImportError):
        found = None
    if found is None and kind.startswith('mmeatrack.'):
        raise ValueError(f'the config names the hook {kind!r}, which mmeatrack does not have.')
    return found
