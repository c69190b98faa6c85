import os
import resource
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Iterator, List

import pytest
import torch

from mmeatrack.engine import SafeCheckpointHook
from mmeatrack.engine.hooks import safe_checkpoint_hook as module
from mmeatrack.engine.hooks.safe_checkpoint_hook import AtomicLocalBackend
from tests.test_engine.toy_runs import KeepResults, train_runner
from tests.toys import build, distill_cfg, logged

BEST = dict(type='mmeatrack.SafeCheckpointHook', save_best='toy/success', rule='greater')


def runner_in(tmp_path: Path, steps: int = 4, resume: bool = False, **checkpoint: Any) -> Any:
    """Runner that saves after every step."""
    hook = dict(type='mmeatrack.SafeCheckpointHook', by_epoch=False, interval=1, **checkpoint)
    train_cfg = dict(type='IterBasedTrainLoop', max_iters=steps)
    return train_runner(
        build(distill_cfg()), tmp_path / 'run', train_cfg, checkpoint=hook, resume=resume
    )


def files(tmp_path: Path) -> List[str]:
    return sorted(path.name for path in (tmp_path / 'run').glob('*.pth*'))


def last(tmp_path: Path) -> Path:
    return Path((tmp_path / 'run' / 'last_checkpoint').read_text())


@pytest.fixture
def small_disk() -> Iterator[Any]:
    """Function that limits the size of files."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_checkpoints_equal_mmengines(tmp_path) -> None:
    runner_in(tmp_path, max_keep_ckpts=2).train()
    assert files(tmp_path) == ['iter_3.pth', 'iter_4.pth']
    assert last(tmp_path) == tmp_path / 'run' / 'iter_4.pth'
    checkpoint = torch.load(last(tmp_path), weights_only=False)
    assert checkpoint['meta']['iter'] == 4
    assert checkpoint['message_hub']['runtime_info']['keep_ckpt_ids'] == [3, 4]


def test_file_is_written_atomically(tmp_path, monkeypatch) -> None:
    path = tmp_path / 'folder' / 'a.pth'
    backend, seen, sync = AtomicLocalBackend(), [], os.fsync
    backend.put(b'first', path)
    monkeypatch.setattr(os, 'fsync', lambda file: (seen.append(path.read_bytes()), sync(file)))
    backend.put(b'second', path)
    assert seen == [b'first']  # when the second is on the disk already
    assert path.read_bytes() == b'second'
    assert os.listdir(path.parent) == ['a.pth']


@pytest.mark.parametrize('max_keep_ckpts', [1, 3])
def test_full_disk_stops_the_run_and_leaves_the_last_checkpoint(
    tmp_path, small_disk, max_keep_ckpts: int
) -> None:
    runner_in(tmp_path, 2, max_keep_ckpts=max_keep_ckpts).train()
    before, content = files(tmp_path), last(tmp_path).read_bytes()
    small_disk(len(content) // 2)
    with pytest.raises(RuntimeError, match=r'could not be saved .*iter_2.pth. Free space'):
        runner_in(tmp_path, 4, resume=True, max_keep_ckpts=max_keep_ckpts).train()
    assert files(tmp_path) == before
    assert last(tmp_path).name == 'iter_2.pth'
    assert last(tmp_path).read_bytes() == content


def test_unreadable_checkpoint_is_skipped_with_a_warning(tmp_path) -> None:
    runner_in(tmp_path, 3).train()
    path = tmp_path / 'run' / 'iter_3.pth'
    truncated = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(truncated)
    runner = runner_in(tmp_path, 4, resume=True)
    with logged() as messages:
        runner.train()
    assert any(f'{path} is skipped' in message for message in messages)
    assert any('continues from' in message and 'iter_2.pth' in message for message in messages)
    assert runner.iter == 4
    assert path.read_bytes()[: len(truncated)] != truncated  # the third step was repeated


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Folder with the pointer and three tiny checkpoints of a run."""
    for step in (1, 2, 3):
        path = tmp_path / f'iter_{step}.pth'
        torch.save(dict(meta={}, message_hub={}, state_dict={}), path)
    (tmp_path / 'last_checkpoint').write_text(str(path))
    return tmp_path


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04 and no more', None, {}])
def test_damaged_missing_and_other_files_are_skipped(saved: Path, content: Any) -> None:
    for step in (2, 3):
        path = saved / f'iter_{step}.pth'
        path.unlink()
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            torch.save(dict(state_dict=content), path)
    hook = SafeCheckpointHook(by_epoch=False)
    hook._point_to_readable(saved)
    assert (saved / 'last_checkpoint').read_text() == str(saved / 'iter_1.pth')
    (saved / 'iter_1.pth').write_bytes(b'')
    with pytest.raises(RuntimeError, match=r'no checkpoint can be read.*iter_1.pth'):
        hook._point_to_readable(saved)


@pytest.mark.parametrize(('named', 'step'), [('', 3), ('work_dirs/elsewhere/run/iter_2.pth', 2)])
def test_empty_pointer_and_one_of_a_missing_folder(saved: Path, named: str, step: int) -> None:
    (saved / 'last_checkpoint').write_text(named)
    SafeCheckpointHook(by_epoch=False)._point_to_readable(saved)
    assert (saved / 'last_checkpoint').read_text() == str(saved / f'iter_{step}.pth')


def test_previous_best_is_removed_after_the_new_one_is_saved(tmp_path, monkeypatch) -> None:
    seen: List[List[str]] = []
    put = AtomicLocalBackend.put

    def watched(self: Any, obj: bytes, path: Any) -> None:
        if 'best' in Path(path).name:
            seen.append([name for name in files(tmp_path) if 'best' in name])
        put(self, obj, path)

    monkeypatch.setattr(AtomicLocalBackend, 'put', watched)
    metric = KeepResults([0.1, 0.2])
    train_runner(build(distill_cfg()), tmp_path / 'run', checkpoint=BEST, metric=metric).train()
    assert seen == [[], ['best_toy_success_epoch_1.pth']]
    assert files(tmp_path) == ['best_toy_success_epoch_2.pth', 'epoch_2.pth']


@pytest.mark.parametrize('how', ['moved', 'copied', 'without its pointer'])
def test_moved_or_copied_folder_continues_from_its_own_checkpoints(tmp_path, how: str) -> None:
    runner_in(tmp_path / 'a', 3).train()
    shutil.copytree(tmp_path / 'a', tmp_path / 'b')
    original, copy = tmp_path / 'a' / 'run', tmp_path / 'b' / 'run'
    if how == 'moved':
        shutil.rmtree(tmp_path / 'a')
    elif how == 'copied':
        checkpoint = torch.load(original / 'iter_3.pth', weights_only=False)
        for value in checkpoint['state_dict'].values():
            value.zero_()  # the original has trained on since
        torch.save(checkpoint, original / 'iter_3.pth')
    else:
        (copy / 'last_checkpoint').unlink()
    before = torch.load(copy / 'iter_3.pth', weights_only=False)['state_dict']
    runner = runner_in(tmp_path / 'b', 3, resume=True)
    with logged() as messages:
        runner.train()  # nothing is left to do
    assert any(f'continues from {copy / "iter_3.pth"}' in message for message in messages)
    assert all(torch.equal(value, before[key]) for key, value in runner.model.state_dict().items())
    assert last(tmp_path / 'b') == copy / 'iter_3.pth'


def test_folder_without_checkpoints_continues_from_those_of_its_pointer(saved: Path) -> None:
    hook = SafeCheckpointHook(by_epoch=False)
    there, here = saved, saved / 'here'
    here.mkdir()
    (here / 'iter_1.pth').touch()
    named = str(there / 'iter_2.pth')
    expected = [here / 'iter_1.pth', there / 'iter_2.pth', there / 'iter_1.pth']
    assert hook._candidates(named, here) == expected
    assert hook._candidates(named, saved / 'new') == expected[1:]
    assert hook._candidates(named, there) == expected[1:]
    hook.out_dir = str(here)  # the work folder itself, as MMEngine takes it
    assert hook._candidates('', here) == expected[:1]


@pytest.mark.parametrize('copied', [True, False])
def test_copy_leaves_the_best_checkpoint_of_the_original(tmp_path, copied: bool) -> None:
    """A new best checkpoint replaces the copy's own, not that of the original."""

    def train(folder: Path, epochs: int, value: float, **kwargs: Any) -> List[str]:
        loop, metric = dict(by_epoch=True, max_epochs=epochs), KeepResults([value])
        train_runner(build(distill_cfg()), folder, loop, BEST, metric, **kwargs).train()
        return [path.name for path in folder.glob('best*.pth')]

    original, copy = tmp_path / 'a', tmp_path / 'b'
    assert train(original, 1, 0.1) == ['best_toy_success_epoch_1.pth']
    if copied:
        shutil.copytree(original, copy)
    start = dict() if copied else dict(load_from=str(original / 'epoch_1.pth'))
    assert train(copy, 2, 0.2, resume=True, **start) == ['best_toy_success_epoch_2.pth']
    assert (original / 'best_toy_success_epoch_1.pth').is_file()


def test_statistics_of_all_ranks_are_averaged_before_validation(monkeypatch) -> None:
    model = build(distill_cfg()).train()
    monkeypatch.setattr(module, 'all_reduce_params', lambda found, op: [x.add_(1) for x in found])
    before = {name: value.clone() for name, value in model.named_buffers()}
    runner = SimpleNamespace(model=model, distributed=True)
    SafeCheckpointHook(interval=1).before_val_epoch(runner)
    changed = {name for name, value in model.named_buffers() if not value.equal(before[name])}
    assert changed == {
        name
        for name in before
        if name.startswith('architecture.') and name.endswith(('running_mean', 'running_var'))
    }


def test_checkpoint_of_another_model_is_not_resumed(tmp_path) -> None:
    """A plain training's folder, then a distillation's config with the same work_dir."""
    hook = dict(type='mmeatrack.SafeCheckpointHook', by_epoch=False, interval=1)
    train_cfg = dict(type='IterBasedTrainLoop', max_iters=1)
    student = build(distill_cfg()).student
    train_runner(student, tmp_path / 'run', train_cfg, checkpoint=hook).train()
    with pytest.raises(RuntimeError, match=r'is of another model.*Resume with the config that'):
        runner_in(tmp_path, 2, resume=True).train()


def test_optimizer_with_other_groups_is_not_resumed(tmp_path) -> None:
    runner_in(tmp_path, 1).train()
    runner = runner_in(tmp_path, 2, resume=True)
    runner.optim_wrapper['paramwise_cfg'] = dict(bias_lr_mult=2.0)
    with pytest.raises(RuntimeError, match=r'groups of \[\d+\] parameters; .* groups of \[1, 1'):
        runner.train()
