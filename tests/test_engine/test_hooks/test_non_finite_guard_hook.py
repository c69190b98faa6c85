"""Batches that are not finite change nothing of a training."""

import math
import re
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.hooks import Hook
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from torch.utils._python_dispatch import TorchDispatchMode

from mmeatrack.engine import GuardedOptimWrapper, NonFiniteGuardHook
from mmeatrack.engine.finite_check import bad_samples, non_finite_data, non_finite_losses
from mmeatrack.engine.guarded_optim import guarded
from mmeatrack.registry import OPTIM_WRAPPERS
from tests.test_engine.toy_runs import train_runner
from tests.test_training.toy_parts import ToyCrops
from tests.toys import build, distill_cfg, logged

BATCH = 'iteration 2'  # samples 2 and 3
DATA = {
    'box': (dict(nan_box=[3]), 'search_gt_instances.bboxes of 3/1.jpg + 3/2.jpg + 3/3.jpg'),
    'image': (dict(nan_image=[2]), 'search_img of 2/1.jpg + 2/2.jpg + 2/3.jpg'),
}


def runner_in(
    tmp_path: Path,
    data: Dict[str, Any],
    action: str,
    steps: int = 4,
    wrapper: Optional[dict] = None,
) -> Any:
    """Runner with batches of two, without checkpoints."""
    hook = dict(type='mmeatrack.NonFiniteGuardHook', action=action, max_skips=2)
    runner = train_runner(
        build(distill_cfg()),
        tmp_path / 'run',
        dict(type='IterBasedTrainLoop', max_iters=steps),
        checkpoint=dict(interval=100, save_last=False),
        custom_hooks=[hook],
    )
    runner._train_dataloader['dataset'] = ToyCrops(length=16, **data)
    if wrapper is not None:
        runner.optim_wrapper = wrapper
    return runner


def break_loss(model: Any, bad: List[int], name: str = 'loss_iou') -> None:
    """Make a loss of the student NaN in these calls."""
    original, calls = model.student.head.loss, []

    def loss(*args: Any) -> dict:
        losses = original(*args)
        calls.append(None)
        if len(calls) in bad:
            losses[name] = losses[name] * float('nan')
        return losses

    model.student.head.loss = loss


def state(runner: Any) -> Dict[str, torch.Tensor]:
    weights = {key: value.clone() for key, value in runner.model.state_dict().items()}
    return {k: v for k, v in weights.items() if not k.endswith('num_batches_tracked')}


@pytest.mark.parametrize('kind', list(DATA))
def test_bad_data_stop_a_training_and_are_named(tmp_path, kind: str) -> None:
    data, words = DATA[kind]
    runner = runner_in(tmp_path, data, 'stop')
    with pytest.raises(RuntimeError, match=re.escape(f'{BATCH}: not finite: {words}.')) as error:
        runner.train()
    assert runner.iter == 1
    assert "action='skip'" in str(error.value)


def test_bad_loss_stops_a_training_and_is_named(tmp_path) -> None:
    runner = runner_in(tmp_path, {}, 'stop')
    break_loss(runner.model, [2])
    words = r'student.loss_iou = nan for the samples \[.2/1.jpg \+ 2/2.jpg \+ 2/3.jpg., .3/1'
    with pytest.raises(RuntimeError, match=f'{BATCH}: {words}'):
        runner.train()
    assert all(torch.isfinite(value).all() for value in state(runner).values())


@pytest.mark.parametrize('kind', ['box', 'image', 'loss'])
def test_skipped_batch_changes_nothing(tmp_path, kind: str) -> None:
    """The second of four batches is bad; the others have the same effect as without it."""
    runner = runner_in(tmp_path / 'with', DATA[kind][0] if kind in DATA else {}, 'skip')
    if kind == 'loss':
        break_loss(runner.model, [2])
    with logged() as messages:
        runner.train()
    assert [BATCH in each for each in messages if 'is skipped' in each] == [True]
    assert '1 batches were skipped' in messages[-1]

    class WithoutSecond(ToyCrops):
        def __getitem__(self, index: int) -> dict:
            return super().__getitem__(index if index < 2 else index + 2)

    plain = runner_in(tmp_path / 'without', {}, 'stop', steps=3)
    plain._train_dataloader['dataset'] = WithoutSecond()
    plain.train()
    expected, found = state(plain), state(runner)
    assert [key for key in expected if not torch.equal(expected[key], found[key])] == []


def test_logged_averages_leave_a_skipped_batch_out(tmp_path) -> None:
    runner = runner_in(tmp_path, {}, 'skip')
    break_loss(runner.model, [3])
    runner.train()
    for name in ('loss', 'student.loss_iou'):
        history = runner.message_hub.get_scalar(f'train/{name}')
        assert len(history.data[0]) == 3
        assert math.isfinite(history.mean())


def test_too_many_skips_in_a_row_stop(tmp_path) -> None:
    runner = runner_in(tmp_path, {}, 'skip', steps=8)
    break_loss(runner.model, [2, 3, 5, 6, 7])
    with pytest.raises(RuntimeError, match=r'iteration 7: .* batch 3 in a row .*max_skips=2'):
        runner.train()


def test_skipped_batch_discards_accumulated_gradients(tmp_path) -> None:
    wrapper = dict(optimizer=dict(type='SGD', lr=0.01), accumulative_counts=2)
    runner = runner_in(tmp_path, {}, 'skip', wrapper=wrapper)
    break_loss(runner.model, [2])  # the end of the first step
    steps = []
    runner.model.register_forward_hook(lambda *_: steps.append(state(runner)))
    runner.train()
    weight = 'architecture.backbone.joint_stage.1.mlp.fc2.weight'
    assert torch.equal(steps[2][weight], steps[0][weight])
    assert not torch.equal(state(runner)[weight], steps[3][weight])
    assert runner.optim_wrapper.inner_count == 4


def test_clean_training_is_not_affected(tmp_path) -> None:
    watched = runner_in(tmp_path / 'a', {}, 'skip')
    plain = runner_in(tmp_path / 'b', {}, 'stop')
    plain._hooks = [each for each in plain.hooks if not isinstance(each, NonFiniteGuardHook)]
    watched.train()
    plain.train()
    assert all(torch.equal(value, state(plain)[key]) for key, value in state(watched).items())
    assert 'train_step' not in vars(watched.model)
    assert 'update_params' not in vars(watched.optim_wrapper)
    assert not watched.model._forward_hooks


class Reads(TorchDispatchMode):
    """Counts the values that Python reads; on a GPU each read waits for the queue of kernels."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None):
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def test_finite_loss_waits_for_the_device_once() -> None:
    weight = torch.nn.Parameter(torch.ones(1))
    wrapper = GuardedOptimWrapper(optimizer=torch.optim.SGD([weight], lr=1.0))
    with Reads() as reads:
        wrapper.update_params(weight.sum())
    assert reads.count == 1
    assert weight.item() == 0


def test_logged_numbers_are_on_the_cpu_and_the_gradient_norm_is_a_step_late(tmp_path) -> None:
    """The numbers that mmengine's hooks log are read along with the loss."""
    optimizer = dict(type='SGD', lr=0.01)
    wrapper = dict(optimizer=optimizer, clip_grad=dict(max_norm=1.0))
    runner = runner_in(tmp_path, {}, 'stop', steps=3, wrapper=wrapper)
    norms, clip = [], torch.nn.utils.clip_grad_norm_

    class Watch(Hook):
        priority = 'LOWEST'

        def before_train(self, runner: Any) -> None:
            def noted(*args: Any, **kwargs: Any) -> torch.Tensor:
                norms.append(clip(*args, **kwargs))
                return norms[-1]

            runner.optim_wrapper.clip_func = noted

        def after_train_iter(self, runner: Any, *args: Any, outputs: dict, **kwargs: Any) -> None:
            assert set(outputs) - {'student.iou'} <= set(runner.optim_wrapper.logged)
            assert all(v is runner.optim_wrapper.logged[k] for k, v in outputs.items())

    runner.register_hook(Watch())
    runner.train()
    logged = runner.message_hub.get_scalar('train/grad_norm').data[0]
    assert list(logged) == [float(norm) for norm in norms[:2]]
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(losses) == 3


def test_float32_switches_autocast_off() -> None:
    weight = torch.nn.Parameter(torch.ones(2, 2))
    for dtype, found in (('float32', torch.float32), ('bfloat16', torch.bfloat16)):
        optimizer = torch.optim.SGD([weight], lr=1.0)
        wrapper = guarded(AmpOptimWrapper(dtype=dtype, optimizer=optimizer), 'stop', 3)
        with wrapper.optim_context(torch.nn.Identity()):
            assert (weight @ weight).dtype is found


def test_data_on_a_device_are_not_read() -> None:
    batch = dict(inputs=dict(img=torch.ones(2, 3, device='meta')), data_samples=[])
    assert bad_samples(batch) == {}
    with pytest.raises(RuntimeError, match='meta'):
        bad_samples(batch, on_device=True)


@pytest.mark.parametrize('kind', ['OptimWrapper', 'AmpOptimWrapper', 'TheirOptimWrapper'])
def test_any_wrapper_becomes_a_guarded_one(kind: str) -> None:
    theirs = type('TheirOptimWrapper', (OptimWrapper,), {})
    kinds = dict(OptimWrapper=OptimWrapper, AmpOptimWrapper=AmpOptimWrapper)
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    wrapper = kinds.get(kind, theirs)(optimizer=optimizer, accumulative_counts=2)
    same = guarded(wrapper, 'skip', 3)
    assert same is wrapper
    assert isinstance(same, GuardedOptimWrapper)
    assert isinstance(same, kinds.get(kind, theirs))
    assert type(same).__name__ == f'Guarded{kind}'
    assert (same.action, same.max_skips, same._accumulative_counts) == ('skip', 3, 2)
    same.update_params(weight.sum() * math.nan)
    assert same.is_skipped
    assert (same.inner_count, same.num_skipped, weight.item()) == (1, 1, 1)


def test_guarded_wrapper_of_the_config_keeps_its_settings(tmp_path) -> None:
    optimizer = dict(type='SGD', lr=0.01)
    wrapper = dict(type='mmeatrack.GuardedOptimWrapper', action='skip', optimizer=optimizer)
    runner = runner_in(tmp_path, DATA['box'][0], 'stop', wrapper=wrapper)
    runner.train()
    assert runner.optim_wrapper.num_skipped == 1


def test_guarded_wrapper_works_without_the_hook() -> None:
    weight = torch.nn.Parameter(torch.ones(1))
    wrapper = OPTIM_WRAPPERS.build(
        dict(type='mmeatrack.GuardedOptimWrapper', optimizer=torch.optim.SGD([weight], lr=1.0))
    )
    with pytest.raises(RuntimeError, match=r'iteration 1: loss = inf\. Correct these data'):
        wrapper.update_params(weight.sum() * math.inf)
    assert weight.item() == 1
    assert weight.grad is None


def test_bad_samples_are_replaced_by_one_of_an_earlier_batch(tmp_path) -> None:
    """Both samples of the second batch are bad."""
    data = ToyCrops(length=16, nan_box=[2, 3], nan_image=[3])
    runner = runner_in(tmp_path, {}, 'skip')
    runner._train_dataloader['dataset'] = data
    seen = []
    runner.model.data_preprocessor.register_forward_hook(
        lambda _, batch, found: seen.append(found['inputs']['search_img'])
    )
    runner.train()
    assert torch.equal(seen[1][0], seen[0][0])
    assert torch.equal(seen[1][1], seen[0][0])
    assert not torch.equal(seen[2][0], seen[0][0])
    assert all(torch.isfinite(each).all() for each in seen)
    assert runner.optim_wrapper.num_skipped == 1


def test_first_batch_without_a_finite_sample_stops(tmp_path) -> None:
    runner = runner_in(tmp_path, dict(nan_box=[0, 1]), 'skip')
    with pytest.raises(RuntimeError, match='no sample of the first batch is finite'):
        runner.train()


def test_non_finite_values_are_named() -> None:
    data = ToyCrops(nan_box=[1], nan_image=[0, 1])
    batch = pseudo_collate([data[index] for index in range(3)])
    assert non_finite_data(batch) == (
        'not finite: search_img of 0/1.jpg + 0/2.jpg + 0/3.jpg; '
        'search_img, search_gt_instances.bboxes of 1/1.jpg + 1/2.jpg + 1/3.jpg'
    )
    with Reads() as reads:
        assert not bad_samples(pseudo_collate([ToyCrops()[index] for index in range(3)]))
    assert reads.count == 0
    halves = [torch.full((2,), value, dtype=torch.bfloat16) for value in (1.0, math.nan, 3e38)]
    assert bad_samples(dict(inputs=dict(img=halves), data_samples=[])) == {1: ['img']}
    good = dict(loss_a=torch.ones(2), loss_b=[torch.zeros(1), torch.ones(1)])
    assert non_finite_losses(good) == {}
    bad = dict(good, loss_c=torch.tensor(float('inf')))
    assert non_finite_losses(bad) == {'loss_c': math.inf}


@pytest.mark.parametrize('kwargs', [dict(action='warn'), dict(max_skips=0)])
def test_unusable_arguments_are_refused(kwargs: dict) -> None:
    with pytest.raises(ValueError, match=r"action='warn'|max_skips=0"):
        NonFiniteGuardHook(**kwargs)
