import os
from pathlib import Path
from typing import Any, List

import pytest
import torch
from mmengine.runner import load_checkpoint

from mmeatrack.engine import StudentExportHook
from mmeatrack.engine.hooks.student_export_hook import save_student, student_path, student_weights
from tests.test_engine.toy_runs import KeepResults, train_runner
from tests.toys import build, distill_cfg, follow, tracker_cfg, video

HOOK = [dict(type='mmeatrack.StudentExportHook')]
BY_ITERATION = dict(type='IterBasedTrainLoop', max_iters=5)


def train(tmp_path: Path, **kwargs: Any) -> Any:
    """Model after training, by default for two epochs of four iterations."""
    runner = train_runner(build(distill_cfg()), tmp_path / 'run', custom_hooks=HOOK, **kwargs)
    runner.train()
    return runner.model


def files(tmp_path: Path) -> List[str]:
    return sorted(path.name for path in (tmp_path / 'run').glob('*.pth*'))


def test_student_next_to_each_checkpoint_is_the_student_alone(tmp_path) -> None:
    model = train(tmp_path)
    names = [f'epoch_{i}{suffix}.pth' for i in (1, 2) for suffix in ('', '_student')]
    assert files(tmp_path) == names
    path = tmp_path / 'run/epoch_2_student.pth'
    exported = torch.load(path, weights_only=True)
    assert set(exported) == {'meta', 'state_dict'}
    assert exported['meta'] == dict(
        dataset_meta=dict(classes=('target',)), distilled_by='epoch_2.pth'
    )
    trained, weights = model.student.state_dict(), exported['state_dict']
    assert weights.keys() == trained.keys()
    assert all(torch.equal(weights[key], trained[key]) for key in trained)
    first = torch.load(tmp_path / 'run/epoch_1_student.pth', weights_only=True)['state_dict']
    weight = 'backbone.joint_stage.1.mlp.fc2.weight'
    assert not torch.equal(first[weight], trained[weight])
    whole = torch.load(tmp_path / 'run/epoch_2.pth', weights_only=False)
    assert any(key.startswith('teacher.') for key in whole['state_dict'])

    plain, by_mmengine = build(tracker_cfg(), seed=9), build(tracker_cfg(), seed=8)
    assert str(plain.load_state_dict(weights, strict=True)) == '<All keys matched successfully>'
    load_checkpoint(by_mmengine, str(path), strict=True)
    expected = follow(model.eval(), video(4))
    assert torch.equal(follow(plain.eval(), video(4)), expected)
    assert torch.equal(follow(by_mmengine.eval(), video(4)), expected)


def test_export_by_iteration(tmp_path) -> None:
    train(tmp_path, train_cfg=BY_ITERATION, checkpoint=dict(by_epoch=False, interval=2))
    # The last iteration also has a checkpoint.
    names = [f'iter_{i}{suffix}.pth' for i in (2, 4, 5) for suffix in ('', '_student')]
    assert files(tmp_path) == names


def test_student_is_removed_with_its_checkpoint(tmp_path) -> None:
    """With max_keep_ckpts; files of other runs are not touched."""
    other = tmp_path / 'run/iter_77_student.pth'
    other.parent.mkdir()
    other.write_text('mine')
    train(
        tmp_path,
        train_cfg=BY_ITERATION,
        checkpoint=dict(by_epoch=False, interval=1, max_keep_ckpts=2),
    )
    names = [f'iter_{i}{suffix}.pth' for i in (4, 5) for suffix in ('', '_student')]
    assert files(tmp_path) == [*names, 'iter_77_student.pth']
    assert other.read_text() == 'mine'


def test_best_checkpoint_has_its_student(tmp_path) -> None:
    """Epoch 2 is the best of three; the student of the previous best is removed."""
    train(
        tmp_path,
        train_cfg=dict(by_epoch=True, max_epochs=3),
        checkpoint=dict(interval=1, max_keep_ckpts=1, save_best='toy/success', rule='greater'),
        metric=KeepResults([0.3, 0.6, 0.4]),
    )
    assert files(tmp_path) == [
        'best_toy_success_epoch_2.pth',
        'best_toy_success_epoch_2_student.pth',
        'epoch_3.pth',
        'epoch_3_student.pth',
    ]
    run = tmp_path / 'run'
    best = torch.load(run / 'best_toy_success_epoch_2_student.pth', weights_only=True)
    whole = torch.load(run / 'best_toy_success_epoch_2.pth', weights_only=False)
    for key, value in best['state_dict'].items():
        assert torch.equal(value, whole['state_dict'][f'architecture.{key}'])


def test_plain_tracker_is_refused_before_it_trains(tmp_path) -> None:
    runner = train_runner(build(tracker_cfg()), tmp_path / 'run', custom_hooks=HOOK)
    with pytest.raises(TypeError, match='but the model is EATrack: remove the hook'):
        runner.train()
    assert files(tmp_path) == []


@pytest.mark.parametrize('by_epoch', [True, False])
def test_student_has_the_weights_of_the_checkpoint(tmp_path, by_epoch: bool) -> None:
    """EMAHook validates and saves averages instead of the trained weights."""
    hooks = [*HOOK, dict(type='EMAHook', momentum=0.5)]
    checkpoint = dict(by_epoch=False, interval=2)
    if by_epoch:
        checkpoint = dict(interval=1, save_best='toy/success', rule='greater')
    runner = train_runner(
        build(distill_cfg()),
        tmp_path / 'run',
        dict(by_epoch=True, max_epochs=2) if by_epoch else BY_ITERATION,
        checkpoint,
        KeepResults([0.3, 0.6]) if by_epoch else None,
        custom_hooks=hooks,
    )
    runner.train()
    raw = runner.model.student.state_dict()
    checkpoints = [name for name in files(tmp_path) if not name.endswith('_student.pth')]
    assert len(checkpoints) == 3
    weight = 'backbone.joint_stage.1.mlp.fc2.weight'
    for name in checkpoints:
        saved = torch.load(tmp_path / 'run' / name, weights_only=False)['state_dict']
        path = student_path(tmp_path / 'run' / name)
        exported = torch.load(path, weights_only=True)['state_dict']
        assert exported.keys() == raw.keys()
        for key, value in exported.items():
            assert torch.equal(value, saved[f'architecture.{key}'])
        assert not torch.equal(exported[weight], raw[weight])


def test_best_students_of_several_metrics(tmp_path) -> None:
    class TwoMetrics(KeepResults):
        def compute_metrics(self, results: list) -> dict:
            return dict(a=1.0, b=2.0)

    train(
        tmp_path,
        train_cfg=dict(by_epoch=True, max_epochs=1),
        checkpoint=dict(interval=1, save_best=['toy/a', 'toy/b'], rule='greater'),
        metric=TwoMetrics(),
    )
    students = [name for name in files(tmp_path) if name.endswith('_student.pth')]
    assert students == [
        'best_toy_a_epoch_1_student.pth',
        'best_toy_b_epoch_1_student.pth',
        'epoch_1_student.pth',
    ]


def test_file_is_written_atomically(tmp_path, monkeypatch) -> None:
    weights, path = build(tracker_cfg()).state_dict(), tmp_path / 'epoch_1_student.pth'
    save_student(weights, path, dict(epoch=1))
    before = path.read_bytes()

    def fail(source: Any, target: Any) -> None:
        raise OSError('no space left')

    monkeypatch.setattr(os, 'replace', fail)
    with pytest.raises(OSError, match='no space left'):
        save_student(weights, path, dict(epoch=2))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_weights_of_another_model_are_refused() -> None:
    model = build(distill_cfg())
    with pytest.raises(RuntimeError, match=r'has 1 weights, but lacks .* architecture\.'):
        student_weights({'a': torch.zeros(1)}, model)


def test_name_of_the_student_file() -> None:
    assert student_path('work/epoch_3.pth') == Path('work/epoch_3_student.pth')
    assert StudentExportHook.priority == 'LOWEST'
