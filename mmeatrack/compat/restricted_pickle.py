"""Pickle module restricted to the plain data of an MMEngine checkpoint.

torch's loaders use it instead of :mod:`pickle`. A pickle is a program: it names functions and calls
them. Here it can only name what :data:`_CALLABLE` and :data:`_PLAIN` list, only call the functions
of :data:`_CALLABLE`, and only set the state of the types in :data:`_SET_STATE`, each checked.
Anything else raises :class:`pickle.UnpicklingError` before any of it runs. The rules are the same
on every torch from 1.13, while torch's own ``weights_only`` accepts further types only from 2.4.
"""

import pickle
from collections import Counter, OrderedDict
from functools import partial
from typing import IO, Any, Callable, ClassVar, Dict, FrozenSet, List, Tuple

import mmengine.config
import mmengine.optim
import numpy as np
import torch
from mmengine.logging import HistoryBuffer

__all__ = ['Unpickler', 'load']

_PLAIN_KINDS = 'biufcSU'  # numpy's kinds without pointers: no objects, records or void

# Functions of classes that MMEngine pickles; protocol 2 writes each as ``getattr(class, name)``.
_METHODS: Dict[Any, FrozenSet[str]] = {
    HistoryBuffer: frozenset({'current', 'max', 'mean', 'min'}),
    mmengine.optim.OneCycleParamScheduler: frozenset({'_annealing_cos', '_annealing_linear'}),
}
_HISTORY_STATE = frozenset({'max_length', '_log_history', '_count_history', 'statistics_methods'})


class Opaque:
    """Placeholder for an object whose class is not looked up, so that nothing of it runs."""

    def __init__(self, *arguments: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        """Ignore an item of a subclass of list."""

    extend = append


def _get_method(owner: Any, name: str) -> Any:
    """Stand in for ``getattr``, with which a pickle could reach any object."""
    if not isinstance(owner, type) or name not in _METHODS.get(owner, ()):
        raise pickle.UnpicklingError(f"the attribute '{name}' of {owner!r}")
    return getattr(owner, name)


def _encode(text: str, encoding: str) -> bytes:
    """Stand in for ``_codecs.encode``, with which protocol 2 writes bytes."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f"the codec '{encoding}'")
    return text.encode('latin1')


def _plain_dtype(code: str, align: bool = False, copy: bool = True) -> np.dtype:
    """Stand in for ``numpy.dtype``; always a copy, because its state is set later."""
    dtype = np.dtype(code, align=bool(align), copy=True) if isinstance(code, str) else None
    if dtype is None or dtype.kind not in _PLAIN_KINDS:
        raise pickle.UnpicklingError(f'the numpy dtype {code!r}')
    return dtype


def _empty_array(subtype: type, shape: Tuple[int, ...], typecode: bytes) -> np.ndarray:
    """Stand in for numpy's ``_reconstruct``; the state brings the content."""
    if subtype is not np.ndarray:
        raise pickle.UnpicklingError(f'the array type {subtype!r}')
    return np.empty((0,), dtype=np.int8)


def _numpy_scalar(dtype: np.dtype, data: bytes) -> np.generic:
    """Stand in for numpy's ``scalar``."""
    if not isinstance(dtype, np.dtype) or len(data) != dtype.itemsize:
        raise pickle.UnpicklingError(f'a numpy scalar of {dtype!r} in {len(data)} bytes')
    return np.frombuffer(data, dtype=dtype)[0]


# Functions that a pickle may call. numpy 2.0 moved its own from numpy.core to numpy._core.
_CALLABLE: Dict[Tuple[str, str], Callable[..., Any]] = {
    ('collections', 'OrderedDict'): OrderedDict,
    ('collections', 'Counter'): Counter,
    ('builtins', 'set'): set,
    ('builtins', 'getattr'): _get_method,
    ('_codecs', 'encode'): _encode,
    ('numpy', 'dtype'): _plain_dtype,
    ('numpy.core.multiarray', '_reconstruct'): _empty_array,
    ('numpy._core.multiarray', '_reconstruct'): _empty_array,
    ('numpy.core.multiarray', 'scalar'): _numpy_scalar,
    ('numpy._core.multiarray', 'scalar'): _numpy_scalar,
    ('torch', 'Size'): torch.Size,
    ('torch', 'device'): torch.device,
    ('torch._utils', '_rebuild_tensor_v2'): torch._utils._rebuild_tensor_v2,
    ('torch._utils', '_rebuild_parameter'): torch._utils._rebuild_parameter,
    ('mmengine.config.config', 'ConfigDict'): mmengine.config.ConfigDict,
}
# Other names it may use: classes to make an empty instance of, and constants.
_PLAIN: Dict[Tuple[str, str], Any] = {
    ('numpy', 'ndarray'): np.ndarray,
    ('mmengine.logging.history_buffer', 'HistoryBuffer'): HistoryBuffer,
    ('mmengine.optim.scheduler.param_scheduler', 'OneCycleParamScheduler'): (
        mmengine.optim.OneCycleParamScheduler
    ),
    **{
        ('torch', str(value).split('.')[1]): value
        for value in vars(torch).values()
        if isinstance(value, torch.dtype)
    },
}
# Packages of pytracking's family, OSTrack among it, whose checkpoints also hold training settings
# and statistics in their own classes.
_FAMILY = ('lib', 'ltr')


def _set_dtype_state(dtype: np.dtype, state: Any) -> None:
    # (version, byte order, subarray, names, fields, item size, alignment, flags): only the byte
    # order may differ. Fields and flags could make numpy take raw bytes for pointers.
    if (
        not isinstance(state, tuple)
        or len(state) != 8
        or state[2:5] != (None, None, None)
        or state[5] not in (-1, dtype.itemsize)
        or state[6] not in (-1, dtype.alignment)
        or state[7] != dtype.flags
    ):
        raise pickle.UnpicklingError(f'the state {state!r} of a numpy dtype')
    dtype.__setstate__(state)  # type: ignore[attr-defined]


def _set_array_state(array: np.ndarray, state: Any) -> None:
    # (version, shape, dtype, is Fortran, bytes)
    if (
        not isinstance(state, tuple)
        or len(state) != 5
        or not isinstance(state[2], np.dtype)
        or state[2].kind not in _PLAIN_KINDS
        or not isinstance(state[4], bytes)
    ):
        raise pickle.UnpicklingError('the state of a numpy array that is not of plain numbers')
    array.__setstate__(state)


def _set_history_state(history: HistoryBuffer, state: Any) -> None:
    if not isinstance(state, dict) or not _HISTORY_STATE.issuperset(state):
        raise pickle.UnpicklingError('the state of an object other than a HistoryBuffer')
    # HistoryBuffer's own __setstate__ would put the file's statistics methods into the class, for
    # all buffers; this process keeps its own.
    history._set_default_statistics()
    history.__dict__.update((k, v) for k, v in state.items() if k != 'statistics_methods')


def _set_ordered_dict_state(ordered: OrderedDict, state: Any) -> None:
    if not isinstance(state, dict) or list(state) != ['_metadata']:
        raise pickle.UnpicklingError('an OrderedDict with other attributes than _metadata')
    ordered.__dict__.update(state)  # Module.state_dict adds it


_SET_STATE: Dict[type, Callable[[Any, Any], None]] = {
    np.dtype: _set_dtype_state,
    np.ndarray: _set_array_state,
    HistoryBuffer: _set_history_state,
    OrderedDict: _set_ordered_dict_state,
    Opaque: lambda instance, state: None,
}


def _refuse_opcode(opcode: bytes, unpickler: Any) -> None:
    raise pickle.UnpicklingError(f'the opcode {opcode!r}')


class Unpickler(pickle._Unpickler):
    """Python's unpickler without the steps that do not build plain data.

    It derives from the one in Python because the steps of the one in C cannot be replaced.
    """

    dispatch: ClassVar[Dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)
    stack: List[Any]

    def find_class(self, module: str, name: str) -> Any:
        """Return the object of an allowed name, or a placeholder for a class of ``_FAMILY``.

        Raises:
            pickle.UnpicklingError: If the name is not allowed.
        """
        module = {'__builtin__': 'builtins'}.get(module, module)  # protocol 2 has Python 2's name
        found = _CALLABLE.get((module, name), _PLAIN.get((module, name)))
        if found is None and module.split('.')[0] in _FAMILY:
            return Opaque
        if found is None:
            raise pickle.UnpicklingError(f"'{module}.{name}'")
        return found

    def _load_reduce(self) -> None:
        arguments = self.stack.pop()
        function = self.stack[-1]
        if not any(function is allowed for allowed in (Opaque, *_CALLABLE.values())):
            raise pickle.UnpicklingError(f'a call of {function!r}')
        self.stack[-1] = function(*arguments)

    def _load_newobj(self) -> None:
        arguments, kind = self.stack.pop(), self.stack[-1]
        if kind is not Opaque and (kind is not HistoryBuffer or arguments != ()):
            raise pickle.UnpicklingError(f'an instance of {kind!r}')
        self.stack[-1] = kind.__new__(kind)

    def _load_build(self) -> None:
        state, instance = self.stack.pop(), self.stack[-1]
        kind = np.dtype if isinstance(instance, np.dtype) else type(instance)
        if kind not in _SET_STATE:
            raise pickle.UnpicklingError(f'the state of a {kind.__name__}')
        _SET_STATE[kind](instance, state)

    dispatch[pickle.REDUCE[0]] = _load_reduce
    dispatch[pickle.NEWOBJ[0]] = _load_newobj
    dispatch[pickle.BUILD[0]] = _load_build
    # Other opcodes that make or look up objects, which neither MMEngine nor torch writes.
    for _opcode in (
        pickle.INST,
        pickle.OBJ,
        pickle.NEWOBJ_EX,
        pickle.EXT1,
        pickle.EXT2,
        pickle.EXT4,
    ):
        dispatch[_opcode[0]] = partial(_refuse_opcode, _opcode)


def load(file: IO[bytes], **options: Any) -> Any:
    """Read one pickle, like :func:`pickle.load`; torch's older format has several in a file.

    Raises:
        pickle.UnpicklingError: If it holds more than plain data.
    """
    return Unpickler(file, **options).load()
