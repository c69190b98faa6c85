"""Pickles planted in a checkpoint are refused by name, and do not run."""

import importlib
import io
import os
import pickle
import runpy
import subprocess
from collections import OrderedDict
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import mmengine
import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmeatrack.compat import restricted_pickle
from mmeatrack.compat.checkpoint import load_checkpoint_file


class Call:
    """Pickles as a call of any function with any arguments."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Tuple[Any, Tuple[Any, ...]]:
        return self.call


def plant_history(marker: Path) -> HistoryBuffer:
    """A log whose statistics method is a function of the attacker's choice."""
    buffer = HistoryBuffer([1.0], [1])
    buffer.__dict__['_statistics_methods'] = {'max': os.system}
    return buffer


PAYLOADS: Dict[str, Tuple[Callable[[Path], Any], str]] = {
    'system': (lambda m: Call(os.system, f'touch {m}'), r"'posix\.system'"),
    'eval': (lambda m: Call(eval, f'open({str(m)!r}, "w")'), r"'builtins\.eval'"),
    'exec': (lambda m: Call(exec, f'open({str(m)!r}, "w")'), r"'builtins\.exec'"),
    'open': (lambda m: Call(open, str(m), 'w'), r"'(io|_io|builtins)\.open'"),
    'popen': (
        lambda m: Call(subprocess.Popen, ['touch', str(m)]),
        r"'(commands|subprocess)\.Popen'",
    ),
    'runpy': (lambda m: Call(runpy.run_path, str(m)), r"'runpy\.run_path'"),
    'import': (lambda m: Call(importlib.import_module, 'antigravity'), r'import_module'),
    'torch.load': (lambda m: Call(torch.load, str(m)), r"'torch\.serialization\.load'"),
    'torch.hub': (lambda m: Call(torch.hub.load, str(m.parent), 'x'), r"'torch\.hub\.load'"),
    'mmengine': (lambda m: Call(mmengine.Config.fromfile, str(m)), r'getattr|Config'),
    'getattr of a module': (
        lambda m: Call(getattr, Call(__import__, 'os'), 'system'),
        r"'builtins\.__import__'",
    ),
    'getattr chain': (
        lambda m: Call(getattr, Call(getattr, HistoryBuffer, '__init__'), '__globals__'),
        r"the attribute '__init__'",
    ),
    'getattr of an instance': (
        lambda m: Call(getattr, OrderedDict(a=1), 'pop'),
        r"the attribute 'pop'",
    ),
    'statistics method': (plant_history, r"'posix\.system'"),
    'codec': (lambda m: Call(__import__('_codecs').encode, 'a', 'rot13'), r"the codec 'rot13'"),
    'object array': (lambda m: np.array([Call(os.system, f'touch {m}')], dtype=object), r'dtype'),
    'record array': (lambda m: np.zeros(1, dtype='f8,O'), r"numpy dtype 'V16'"),
    'record dtype': (lambda m: Call(np.dtype, 'f8,O'), r"numpy dtype 'f8,O'"),
    'a class of ours': (lambda m: pytest.approx(1.0), r'pytest'),
    'a whole model': (lambda m: torch.nn.Linear(1, 1), r"'torch\.nn\.modules\.linear\.Linear'"),
}


@pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'legacy'])
@pytest.mark.parametrize('name', PAYLOADS)
def test_planted_payload_is_refused_and_does_not_run(
    tmp_path: Path, name: str, zipped: bool
) -> None:
    plant, refused = PAYLOADS[name]
    marker = tmp_path / 'marker'
    path = tmp_path / 'planted.pth'
    weights = OrderedDict(weight=torch.ones(2))
    checkpoint = {'state_dict': weights, 'meta': {'deep': [{'er': plant(marker)}]}}
    torch.save(checkpoint, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(RuntimeError, match=r'planted\.pth.*nothing of it was run') as error:
        load_checkpoint_file(path)
    assert error.match(refused)
    assert not marker.exists()


def test_payload_would_have_run(tmp_path: Path) -> None:
    marker = tmp_path / 'marker'
    torch.save(PAYLOADS['system'][0](marker), tmp_path / 'planted.pth')
    torch.load(tmp_path / 'planted.pth', weights_only=False)
    assert marker.exists()  # so its absence above means something


RAW = {
    # Opcodes that pickle.dump does not write.
    'INST': (b'(S"true"\nios\nsystem\n.', "the opcode b'i'"),
    'OBJ': (b'(cos\nsystem\nS"true"\no.', r"'os\.system'"),
    'NEWOBJ of another class': (b'\x80\x02ccollections\nOrderedDict\n)\x81.', 'an instance of'),
    'call of a named class': (b'cnumpy\nndarray\n(I1\ntR.', 'a call of'),
    'call of a constant': (b'ctorch\nfloat32\n)R.', 'a call of'),
    'state of a class': (
        b'\x80\x02cmmengine.logging.history_buffer\nHistoryBuffer\n}X\x03\x00\x00\x00minK\x01sb.',
        'the state of a type',
    ),
    'state of a function': (
        b'\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x01sb.',
        'the state of a function',
    ),
    'attributes of an OrderedDict': (
        b'\x80\x02ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsK\x01sb.',
        'other attributes',
    ),
    'dotted global': (
        b'\x80\x04\x8c\x0bcollections\x8c\x20OrderedDict.__init__.__globals__\x93.',
        r'OrderedDict\.__init__\.__globals__',
    ),
    'fields of a dtype': (
        b'\x80\x02cnumpy\ndtype\n(X\x02\x00\x00\x00f8\x89\x88tR'
        b'(K\x03X\x01\x00\x00\x00<NNN\x4a\xff\xff\xff\xff\x4a\xff\xff\xff\xffK\x3ftb.',
        'of a numpy dtype',
    ),
    'subclass of an array': (
        b'\x80\x02cnumpy._core.multiarray\n_reconstruct\nccollections\nOrderedDict\n(K\x00tC\x01b'
        b'\x87R.',
        'the array type',
    ),
    'extension': (b'\x80\x02\x82\x01.', 'the opcode'),
}


@pytest.mark.parametrize('name', RAW)
def test_handwritten_pickle_is_refused(name: str) -> None:
    content, refused = RAW[name]
    with pytest.raises(pickle.UnpicklingError, match=refused):
        restricted_pickle.load(io.BytesIO(content))


def test_statistics_methods_of_a_file_are_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # HistoryBuffer itself would take the file's 'max' for the whole process.
    planted = {'max': HistoryBuffer.min}
    monkeypatch.setattr(
        HistoryBuffer, '__getstate__', lambda self: {**vars(self), 'statistics_methods': planted}
    )
    path = tmp_path / 'log.pth'
    torch.save({'log': HistoryBuffer([1.0, 5.0, 3.0], [1, 1, 1])}, path)
    loaded = load_checkpoint_file(path)['log']
    assert type(loaded) is HistoryBuffer
    assert loaded.statistics('max') == 5.0
    assert HistoryBuffer([2.0, 9.0], [1, 1]).statistics('max') == 9.0
