import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.runner import save_checkpoint
from torch import nn
from torch.utils.data import DataLoader

from mmeatrack.analysis import LinearCKA, layer_search_tokens
from mmeatrack.engine import AutoPairHook
from tests.test_engine.toy_runs import train_runner
from tests.test_training.toy_parts import ToyCrops
from tests.toys import build, distill_cfg, logged, tracker_cfg


def model_with(layer_pairs: Any = 'auto', seed: int = 0) -> Any:
    distiller = dict(type='mmeatrack.EATrackDistiller', layer_pairs=layer_pairs)
    return build(distill_cfg(distiller=distiller), seed=seed)


def runner_with(model: Any, work_dir: Path, **kwargs: Any) -> Any:
    hooks = [dict(type='mmeatrack.AutoPairHook', batches=2)]
    return train_runner(model, work_dir, **dict(dict(custom_hooks=hooks), **kwargs))


def loader() -> DataLoader:
    return DataLoader(ToyCrops(), batch_size=2, collate_fn=pseudo_collate)


def best_pairs(model: Any) -> list:
    """CKA of the first two batches as one, and a search over all increasing choices."""
    batch = pseudo_collate([ToyCrops()[index] for index in range(4)])
    inputs = model.data_preprocessor(batch, True)['inputs']
    students = layer_search_tokens(model.student, inputs, [2, 3])
    teachers = layer_search_tokens(model.teacher, inputs, [0, 1, 2, 3])
    similarity = np.zeros((2, 4))
    for s, x in enumerate(students):
        for t, y in enumerate(teachers):
            meter = LinearCKA(16, 16)
            meter.update(x.flatten(0, 1), y.flatten(0, 1))
            similarity[s, t] = meter.value()
    choices = [(a, b) for a in range(4) for b in range(a + 1, 4)]
    first, second = max(choices, key=lambda c: similarity[0, c[0]] + similarity[1, c[1]])
    return [(2, first), (3, second)]


def test_pairs_are_found_logged_and_distilled(tmp_path) -> None:
    model = model_with()
    expected = best_pairs(model)
    runner = runner_with(model, tmp_path)
    with logged() as messages:
        runner.train()
    assert list(model.distiller.layer_pairs) == expected
    assert any(m.startswith(f'layer pairs {expected}, with linear CKA of 0.') for m in messages)
    names = [f'loss_feat_{student}_{teacher}' for student, teacher in expected]
    assert [name for name in model.distiller.distill_losses if 'feat' in name] == names


def test_pairs_of_a_trained_student(tmp_path) -> None:
    """The checkpoint's layers are compared; training starts from the student's own weights."""
    other = model_with(seed=5)
    path = str(tmp_path / 'student.pth')
    save_checkpoint(dict(state_dict=other.student.state_dict(), meta={}), path)
    model = model_with()
    before = {key: value.clone() for key, value in model.student.state_dict().items()}
    plain, lent = (
        AutoPairHook(batches=2, student_ckpt=ckpt)._find(loader(), model) for ckpt in (None, path)
    )
    assert all(torch.equal(v, before[k]) for k, v in model.student.state_dict().items())
    model.student.load_state_dict(other.student.state_dict())
    assert lent == AutoPairHook(batches=2)._find(loader(), model) != plain


def test_same_training_as_with_the_pairs_given(tmp_path) -> None:
    """The search does not consume data or random numbers of the training."""
    found = model_with()
    runner_with(found, tmp_path / 'found').train()
    given = model_with(list(found.distiller.layer_pairs))
    train_runner(given, tmp_path / 'given').train()
    theirs = given.student.state_dict()
    assert all(torch.equal(v, theirs[k]) for k, v in found.student.state_dict().items())


def test_resumed_run_keeps_its_pairs(tmp_path, monkeypatch) -> None:
    first = model_with()
    runner_with(first, tmp_path, train_cfg=dict(by_epoch=True, max_epochs=1)).train()
    monkeypatch.setattr(AutoPairHook, '_find', None)  # would fail if it were called
    again = model_with(seed=9)
    runner = runner_with(again, tmp_path, resume=True, load_from=str(tmp_path / 'epoch_1.pth'))
    with logged() as messages:
        runner.train()
    assert again.distiller.layer_pairs == first.distiller.layer_pairs
    assert any(m.endswith('taken from the checkpoint') for m in messages)


def test_random_state_is_restored(tmp_path) -> None:
    runner = runner_with(model_with(), tmp_path)
    runner._train_dataloader = runner.build_dataloader(runner._train_dataloader)
    runner.train_loop.dataloader = runner._train_dataloader
    before = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    AutoPairHook(batches=1).before_train(runner)
    after = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    assert after == before


def test_model_without_auto_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"nothing to do: set model.distiller.layer_pairs='auto'"):
        runner_with(model_with([(3, 3)]), tmp_path).train()


def test_plain_tracker_is_refused(tmp_path) -> None:
    model: nn.Module = build(tracker_cfg())
    with pytest.raises(TypeError, match=r'but the model is EATrack: remove the hook'):
        runner_with(model, tmp_path).train()


def test_teacher_with_fewer_layers_is_refused(tmp_path) -> None:
    distiller = dict(type='mmeatrack.EATrackDistiller', layer_pairs='auto')
    model = build(distill_cfg(distiller=distiller, teacher=tracker_cfg(3, 1)))
    with pytest.raises(ValueError, match='2 layers of the student cannot be paired in order'):
        runner_with(model, tmp_path).train()


def test_batches_are_checked() -> None:
    with pytest.raises(ValueError, match='batches=0 must be at least 1'):
        AutoPairHook(batches=0)
