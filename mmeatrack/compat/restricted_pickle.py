"""Pickle module restricted to the plain data of an MMEngine checkpoint.

torch's loaders take it in place of :mod:`pickle`. A pickle is a program: it names functions and
calls them. Here it can name only what :data:`_PLAIN` lists, call only the functions of
:data:`_CALLABLE`, and set the state of only four types, each checked. Everything else raises
:class:`pickle.UnpicklingError` before anything of it runs. On every torch from 1.13 on the same
code decides, while torch's own ``weights_only`` can be told of further types from 2.4 on only.
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

# MMEngine pickles functions of these classes; protocol 2 writes each as ``getattr(class, name)``.
_METHODS: Dict[Any, FrozenSet[str]] = {
    HistoryBuffer: frozenset({'current', 'max', 'mean', 'min'}),
    mmengine.optim.OneCycleParamScheduler: frozenset({'_annealing_cos', '_annealing_linear'}),
}
_HISTORY_STATE = frozenset({'max_length', '_log_history', '_count_history', 'statistics_methods'})


def _get_method(owner: Any, name: str) -> Any:
    """Stand in for ``getattr``, with which a pickle could walk to any object."""
    if not isinstance(owner, type) or name not in _METHODS.get(owner, ()):
        raise pickle.UnpicklingError(f"the attribute '{name}' of {owner!r}")
    return getattr(owner, name)


def _encode(text: str, encoding: str) -> bytes:
    """Stand in for ``_codecs.encode``, with which protocol 2 writes bytes."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f"the codec '{encoding}'")
    return text.encode('latin1')


def _plain_dtype(code: str, align: bool = False, copy: bool = True) -> np.dtype:
    """Stand in for ``numpy.dtype``: plain types only, and always a copy of its own."""
    dtype = np.dtype(code, align=bool(align), copy=True) if isinstance(code, str) else None
    if dtype is None or dtype.kind not in _PLAIN_KINDS:
        raise pickle.UnpicklingError(f'the numpy dtype {code!r}')
    return dtype


def _empty_array(subtype: type, shape: Tuple[int, ...], typecode: bytes) -> np.ndarray:
    """Stand in for numpy's ``_reconstruct``; the array's content comes as its state."""
    if subtype is not np.ndarray:
        raise pickle.UnpicklingError(f'the array type {subtype!r}')
    return np.empty((0,), dtype=np.int8)


def _numpy_scalar(dtype: np.dtype, data: bytes) -> np.generic:
    """Stand in for numpy's ``scalar``."""
    if not isinstance(dtype, np.dtype) or len(data) != dtype.itemsize:
        raise pickle.UnpicklingError(f'a numpy scalar of {dtype!r} in {len(data)} bytes')
    return np.frombuffer(data, dtype=dtype)[0]


# Functions that a pickle may call. numpy moved its functions from numpy.core to numpy._core in 2.0.
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
# Names allowed besides: classes to make an empty instance of, and constants.
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


def _set_dtype_state(dtype: np.dtype, state: Any) -> None:
    # (version, byte order, subarray, names, fields, item size, alignment, flags): only the byte
    # order may differ. Fields and flags could make numpy take raw bytes for pointers.
    kept = (None, None, None)
    if (
        not isinstance(state, tuple)
        or len(state) != 8
        or state[2:5] != kept
        or state[5] not in (-1, dtype.itemsize)
        or state[6] not in (-1, dtype.alignment)
        or state[7] != dtype.flags
    ):
        raise pickle.UnpicklingError(f'the state {state!r} of a numpy dtype')
    dtype.__setstate__(state)  # type: ignore[attr-defined]


def _set_array_state(array: np.ndarray, state: Any) -> None:
    # (version, shape, dtype, is Fortran, bytes)
    plain = (
        isinstance(state, tuple)
        and len(state) == 5
        and isinstance(state[2], np.dtype)
        and state[2].kind in _PLAIN_KINDS
        and isinstance(state[4], bytes)
    )
    if not plain:
        raise pickle.UnpicklingError('the state of a numpy array that is not of plain numbers')
    array.__setstate__(state)


def _set_history_state(history: HistoryBuffer, state: Any) -> None:
    if not isinstance(state, dict) or not _HISTORY_STATE.issuperset(state):
        raise pickle.UnpicklingError('the state of something else than a HistoryBuffer')
    # HistoryBuffer's own __setstate__ would put a file's statistics methods into the class, for
    # all buffers; those that this process has are kept instead.
    history._set_default_statistics()
    history.__dict__.update((k, v) for k, v in state.items() if k != 'statistics_methods')


def _set_ordered_dict_state(ordered: OrderedDict, state: Any) -> None:
    if not isinstance(state, dict) or list(state) != ['_metadata']:
        raise pickle.UnpicklingError('an OrderedDict with other attributes than _metadata')
    ordered.__dict__.update(state)  # what Module.state_dict adds


def _refuse_opcode(opcode: bytes, unpickler: Any) -> None:
    raise pickle.UnpicklingError(f'the opcode {opcode!r}')


# Modules of pytracking's family, OSTrack among it. Its checkpoints hold training settings and
# statistics of classes of its own beside the weights.
_FAMILY = ('lib', 'ltr')


class Opaque:
    """Placeholder for an object of a class that is not looked up, and so runs nothing."""

    def __init__(self, *arguments: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        """Drop an item of a list's descendant."""

    def extend(self, values: Any) -> None:
        """Drop items of a list's descendant."""


class Unpickler(pickle._Unpickler):
    """Python's own unpickler, less all that does not build plain data.

    It is the one in Python and not the one in C, because only there each step can be replaced.
    """

    dispatch: ClassVar[Dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)
    stack: List[Any]

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names, a placeholder for a class of the family's, or refuse.

        Raises:
            pickle.UnpicklingError: If it is not plain data.
        """
        module = {'__builtin__': 'builtins'}.get(module, module)  # protocol 2 has Python 2's name
        found = _CALLABLE.get((module, name))
        if found is None:
            found = _PLAIN.get((module, name))
        if found is None and module.split('.')[0] in _FAMILY:
            return Opaque
        if found is None:
            raise pickle.UnpicklingError(f"'{module}.{name}'")
        return found

    def _load_reduce(self) -> None:
        arguments = self.stack.pop()
        function = self.stack[-1]
        if function is not Opaque and not any(
            function is allowed for allowed in _CALLABLE.values()
        ):
            raise pickle.UnpicklingError(f'a call of {function!r}')
        self.stack[-1] = function(*arguments)

    def _load_newobj(self) -> None:
        arguments = self.stack.pop()
        if self.stack[-1] is Opaque:
            self.stack[-1] = Opaque()
            return
        if self.stack[-1] is not HistoryBuffer or arguments != ():
            raise pickle.UnpicklingError(f'an instance of {self.stack[-1]!r}')
        self.stack[-1] = HistoryBuffer.__new__(HistoryBuffer)

    def _load_build(self) -> None:
        state = self.stack.pop()
        instance = self.stack[-1]
        if isinstance(instance, np.dtype):
            _set_dtype_state(instance, state)
        elif type(instance) is np.ndarray:
            _set_array_state(instance, state)
        elif type(instance) is HistoryBuffer:
            _set_history_state(instance, state)
        elif type(instance) is OrderedDict:
            _set_ordered_dict_state(instance, state)
        elif type(instance) is Opaque:
            pass
        else:
            raise pickle.UnpicklingError(f'the state of a {type(instance).__name__}')

    dispatch[pickle.REDUCE[0]] = _load_reduce
    dispatch[pickle.NEWOBJ[0]] = _load_newobj
    dispatch[pickle.BUILD[0]] = _load_build
    # Further ways to make and look up objects, which neither MMEngine nor torch writes.
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
    """Read one pickle, like :func:`pickle.load`; torch's older file format has several in a row.

    Raises:
        pickle.UnpicklingError: If it holds more than plain data.
    """
    return Unpickler(file, **options).load()
