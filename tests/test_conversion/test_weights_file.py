"""Weights files of any kind, read without running code."""

import itertools
import pickle
import sys
import types
from collections import OrderedDict
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from mmeatrack.conversion import read_weights_file

WEIGHTS = {'a.weight': torch.arange(6.0).reshape(2, 3), 'b': torch.tensor([1.5])}


def saved(path, content: Any) -> Any:
    torch.save(content, path)
    return path


def are_equal(tensors) -> bool:
    return list(tensors) == list(WEIGHTS) and all(
        torch.equal(tensors[key], WEIGHTS[key]) for key in WEIGHTS
    )


@pytest.mark.parametrize('key', ['state_dict', 'net', 'model', 'state_dict_ema', 'model_ema'])
def test_state_dict_is_found_under_any_usual_key(tmp_path, key: str) -> None:
    file = read_weights_file(saved(tmp_path / 'x.pth', {key: WEIGHTS, 'epoch': 3}))
    assert are_equal(file.tensors)


def test_plain_state_dict(tmp_path) -> None:
    file = read_weights_file(saved(tmp_path / 'x.pth', OrderedDict(WEIGHTS)))
    assert file.kind == 'a plain state dict'
    assert are_equal(file.tensors)


@pytest.mark.parametrize('count', [{}, {'n_averaged': torch.tensor(4)}, {'steps': torch.tensor(4)}])
def test_prefix_of_a_distributed_or_averaged_model_is_stripped(tmp_path, count: dict) -> None:
    wrapped = {f'module.{key}': value for key, value in WEIGHTS.items()}
    assert are_equal(read_weights_file(saved(tmp_path / 'x.pth', {**wrapped, **count})).tensors)


def test_prefix_that_not_all_names_have_is_kept(tmp_path) -> None:
    mixed = {'module.a': torch.zeros(1), 'head': torch.zeros(1)}
    assert set(read_weights_file(saved(tmp_path / 'x.pth', mixed)).tensors) == set(mixed)


def test_meta_of_an_mmengine_checkpoint(tmp_path) -> None:
    content = dict(state_dict=WEIGHTS, meta=dict(epoch=2), optimizer={})
    assert read_weights_file(saved(tmp_path / 'x.pth', content)).meta == dict(epoch=2)


def test_safetensors(tmp_path) -> None:
    path = tmp_path / 'model.safetensors'
    save_file(WEIGHTS, str(path), metadata=dict(format='pt'))
    file = read_weights_file(path)
    assert (file.kind, file.meta) == ('safetensors', dict(format='pt'))
    assert {k: v.tolist() for k, v in file.tensors.items()} == {
        k: v.tolist() for k, v in WEIGHTS.items()
    }
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(RuntimeError, match='could not be read as safetensors'):
        read_weights_file(path)


def family_object(patched: pytest.MonkeyPatch) -> Any:
    """Object with state, of a class defined in a module of pytracking's family."""
    for name in itertools.accumulate(['lib', 'train', 'admin', 'settings'], '{}.{}'.format):
        patched.setitem(sys.modules, name, types.ModuleType(name))
    settings = type('Settings', (), {'__module__': name})
    sys.modules[name].Settings = settings
    made = settings()
    made.workspace, made.history = 'somewhere', [1, 2]
    return made


@pytest.mark.parametrize('legacy', [False, True])
def test_objects_of_the_family_are_ignored(tmp_path, monkeypatch, legacy: bool) -> None:
    path = tmp_path / 'OSTrack_ep0300.pth.tar'
    with monkeypatch.context() as patched:
        settings = family_object(patched)
        content = dict(net=WEIGHTS, settings=settings, stats=OrderedDict(train=settings), epoch=300)
        torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    assert 'lib' not in sys.modules
    file = read_weights_file(path)
    assert file.kind == "a checkpoint of pytracking's family"
    assert are_equal(file.tensors)


class Planted:
    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('ran')",))


def test_code_is_refused_in_a_file_of_the_family(tmp_path) -> None:
    path = saved(tmp_path / 'x.pth.tar', dict(net=WEIGHTS, settings=Planted()))
    with pytest.raises(RuntimeError, match=r"refused.*'builtins\.exec'"):
        read_weights_file(path)


@pytest.mark.parametrize('content', [[1, 2], {'epoch': 3}, {'net': {'a': 3}}, {}])
def test_file_without_weights_is_refused(tmp_path, content: Any) -> None:
    with pytest.raises(RuntimeError, match='no named tensors'):
        read_weights_file(saved(tmp_path / 'x.pth', content))


def test_truncated_missing_and_foreign_files_are_refused(tmp_path) -> None:
    path = saved(tmp_path / 'x.pth', WEIGHTS)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(RuntimeError, match='could not be read'):
        read_weights_file(path)
    with pytest.raises(FileNotFoundError, match='no such weights file'):
        read_weights_file(tmp_path / 'absent.pth')
    (tmp_path / 'plain.pth').write_bytes(pickle.dumps({'a': 1}))
    with pytest.raises(RuntimeError):
        read_weights_file(tmp_path / 'plain.pth')
