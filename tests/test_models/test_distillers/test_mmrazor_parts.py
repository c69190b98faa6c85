"""MMRazor's connectors, losses, distiller and algorithm together with those of this package."""

from typing import Any, Dict, List

import pytest
import torch
from mmengine.config import Config

from mmeatrack.models import EATrackDistill
from mmeatrack.registry import MODELS
from tests.toys import DIMS, GRID, build, distill_cfg, long_form, teacher_cfg, training_batch

LAYER = dict(type='mmeatrack.SearchTokens', layout='map')
WIDE = 24


def chain(*connectors: dict) -> list:
    return [LAYER, *connectors]


PKD = dict(type='mmrazor.PKDLoss')
MGD = dict(type='mmrazor.MGDConnector', student_channels=DIMS, teacher_channels=WIDE)
CONV = dict(type='mmrazor.ConvModuleConnector', in_channel=DIMS, out_channel=WIDE)
FT = [
    dict(type='mmrazor.Translator', in_channel=DIMS, out_channel=8),
    dict(type='mmrazor.Paraphraser', in_channel=WIDE, out_channel=8, phase='train'),
]
POOL = dict(
    type='mmrazor.TorchFunctionalConnector',
    function_name='avg_pool2d',
    func_args=dict(kernel_size=2),
)
NORM = dict(type='mmrazor.NormConnector', in_channels=WIDE, norm_cfg=dict(type='BN'))
LINEAR = dict(
    type='mmrazor.TorchNNConnector',
    module_name='Conv2d',
    module_args=dict(in_channels=DIMS, out_channels=WIDE, kernel_size=1),
)


@pytest.mark.parametrize(
    ('loss', 'arguments', 'student', 'teacher'),
    [
        (dict(type='mmrazor.MGDLoss'), ['preds_S', 'preds_T'], chain(MGD), chain()),
        (dict(type='mmrazor.FTLoss'), ['s_feature', 't_feature'], chain(FT[0]), chain(FT[1])),
        (PKD, ['preds_S', 'preds_T'], chain(CONV), chain()),
        (
            dict(type='mmrazor.ChannelWiseDivergence'),
            ['preds_S', 'preds_T'],
            chain(LINEAR, POOL),
            chain(POOL),
        ),
        (dict(type='mmrazor.L2Loss'), ['s_feature', 't_feature'], chain(CONV, NORM), LAYER),
        (dict(type='mmrazor.ATLoss'), ['s_feature', 't_feature'], tuple(chain(CONV)), LAYER),
    ],
)
def test_connectors_of_mmrazor_follow_the_search_tokens(
    loss: dict, arguments: List[str], student: Any, teacher: Any
) -> None:
    distiller = Config(dict(distiller=long_form(loss, arguments, (student, teacher)))).distiller
    wide = teacher_cfg(backbone=dict(embed_dims=WIDE))
    model = build(distill_cfg(teacher=wide, distiller=distiller)).train()
    value = model(*training_batch(), mode='loss')['distill.loss_own']
    value.backward()
    assert torch.isfinite(value)
    assert value.item() > 0
    trained = dict(model.distiller.connectors['student'].named_parameters())
    assert trained
    assert all(parameter.grad is not None for parameter in trained.values())
    assert model.student.backbone.joint_stage[1].mlp.fc2.weight.grad.abs().max() > 0


@pytest.mark.parametrize('name', ['ModuleInputs', 'ModuleOutputs'])
def test_maps_of_the_head_can_be_viewed(name: str) -> None:
    """The head's input is a transposed view of the tokens, and its output has the same layout."""
    source = dict(type=f'mmrazor.{name}', source='head')
    relu = dict(type='mmrazor.TorchNNConnector', module_name='ReLU')
    loss = dict(type='mmrazor.ChannelWiseDivergence', loss_weight=2.0)
    distiller = long_form(loss, ['preds_S', 'preds_T'], (relu, relu), source)
    for record in distiller['loss_forward_mappings']['loss_own'].values():
        record['data_idx'] = 0
    model = build(distill_cfg(distiller=distiller)).train()
    inputs: Dict[str, List[torch.Tensor]] = dict(student=[], teacher=[])
    for role, seen in inputs.items():
        keep = seen.append
        getattr(model, role).head.register_forward_hook(
            lambda module, given, output, keep=keep: keep(
                given[0] if name == 'ModuleInputs' else output.score
            )
        )
    loss = model(*training_batch(), mode='loss')['distill.loss_own'].item()
    s, t = (inputs[role][0].detach().relu().flatten(2) for role in ('student', 'teacher'))
    p = t.softmax(dim=2)
    expected = 2 * (p * (t.log_softmax(dim=2) - s.log_softmax(dim=2))).sum() / (2 * s.shape[1])
    assert s.shape[2] == GRID**2
    assert loss == pytest.approx(expected.item(), rel=1e-4)


def test_list_of_connectors_for_an_argument_is_refused() -> None:
    distiller = long_form(PKD, ['preds_S', 'preds_T'], (LAYER, LAYER))
    distiller['loss_forward_mappings']['loss_own']['preds_S']['connector'] = ['student', 'teacher']
    with pytest.raises(ValueError, match=r"\['preds_S'\] has connector=.*Chain connectors there"):
        MODELS.build(distiller)


# MMRazor's algorithm and distiller


def single_cfg(distiller: dict) -> dict:
    given = distill_cfg(distiller=distiller)
    return dict(
        type='mmrazor.SingleTeacherDistill',
        architecture=given['architecture'],
        teacher=given['teacher'],
        distiller=distiller,
    )


def pair_of(distiller: dict) -> List[Any]:
    """MMRazor's algorithm and ours, with equal weights."""
    theirs, ours = build(single_cfg(distiller)), build(distill_cfg(distiller=distiller))
    theirs.student.load_state_dict(ours.student.state_dict())
    theirs.teacher.load_state_dict(ours.teacher.state_dict())
    return [theirs, ours]


def step(model: Any) -> Dict[str, torch.Tensor]:
    model.train()  # MMRazor's train() returns None
    losses: Dict[str, torch.Tensor] = model(*training_batch(), mode='loss')
    return losses


@pytest.mark.parametrize('pairs', [[(2, 2), (3, 3)], [(3, 3)]])
def test_mmrazors_algorithm_runs_our_distiller(pairs: list) -> None:
    distiller = dict(type='mmeatrack.EATrackDistiller', layer_pairs=pairs, support='target')
    losses, expected = map(step, pair_of(distiller))
    assert {k: v.item() for k, v in losses.items()} == {k: v.item() for k, v in expected.items()}
    assert expected['distill.loss_pred'].item() != 0


def test_mmrazors_algorithm_runs_our_adapters() -> None:
    distiller = dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(3, 3)])
    cfg = dict(single_cfg(distiller), teacher=teacher_cfg(backbone=dict(embed_dims=WIDE)))
    losses = build(cfg)(*training_batch(), mode='loss')
    assert losses['distill.loss_feat_3_3'].item() > 0


def their_distiller(**kwargs: Any) -> dict:
    source = dict(type='mmrazor.ModuleOutputs', source='backbone.norm')
    arguments = dict(
        s_feature=dict(recorder='norm', from_student=True),
        t_feature=dict(recorder='norm', from_student=False),
    )
    return dict(
        type='mmrazor.ConfigurableDistiller',
        student_recorders=dict(norm=source),
        teacher_recorders=dict(norm=source),
        distill_losses=dict(loss_own=dict(type='mmrazor.L2Loss', normalize=False)),
        loss_forward_mappings=dict(loss_own=arguments),
        **kwargs,
    )


def test_our_algorithm_runs_mmrazors_distiller() -> None:
    theirs, ours = pair_of(their_distiller())
    losses, expected = step(ours), step(theirs)
    assert losses['distill.loss_own'].item() == expected['distill.loss_own'].item() > 0
    recorders = ours.distiller.student_recorders.recorders.values()
    assert [recorder.data_buffer for recorder in recorders] == [[]]


@pytest.mark.parametrize('algorithm', ['ours', 'theirs'])
def test_mmrazors_distiller_takes_search_tokens_of_a_layer(algorithm: str) -> None:
    distiller = long_form(PKD, ['preds_S', 'preds_T'], (chain(CONV), LAYER))
    del distiller['prediction_weight']
    distiller['type'] = 'mmrazor.ConfigurableDistiller'
    if algorithm == 'theirs':
        grid = dict(LAYER, search_grid=GRID)
        distiller['connectors'] = dict(student=[grid, CONV], teacher=grid)
    cfg = distill_cfg(distiller=distiller) if algorithm == 'ours' else single_cfg(distiller)
    cfg = dict(cfg, teacher=teacher_cfg(backbone=dict(embed_dims=WIDE)))
    assert build(cfg)(*training_batch(), mode='loss')['distill.loss_own'].item() > 0


def test_several_teachers_take_mmrazors_distiller() -> None:
    teachers = [dict(config=teacher_cfg()) for _ in range(2)]
    cfg = dict(
        type='mmeatrack.MultiTeacherDistill',
        architecture=distill_cfg()['architecture'],
        teachers=teachers,
        distiller=their_distiller(),
        allow_random_teacher=True,
    )
    losses = build(cfg).train()(*training_batch(), mode='loss')
    assert losses['distill.teacher_1.loss_own'].item() > 0
    with pytest.raises(ValueError, match=r"'confidence' needs the target's mask"):
        build(dict(cfg, weighting='confidence'))


@pytest.mark.parametrize(
    'distiller', [dict(type='mmrazor.OFDDistiller'), dict(type='mmrazor.L2Loss')]
)
def test_other_distillers_are_refused_when_built(distiller: dict) -> None:
    with pytest.raises(ValueError, match=r'does not run in mmeatrack\.EATrackDistill: give'):
        build(distill_cfg(distiller=distiller))


def test_deliveries_are_refused_when_built() -> None:
    delivery = dict(a=dict(type='mmrazor.FunctionOutputs', max_keep_data=1, func_path='math.sqrt'))
    with pytest.raises(ValueError, match='does not run distill_deliveries'):
        build(distill_cfg(distiller=their_distiller(distill_deliveries=delivery)))


def test_distiller_given_as_a_class() -> None:
    """As in a pure-Python config."""
    from mmeatrack.models import EATrackDistiller

    distiller = dict(type=EATrackDistiller, layer_pairs=[(3, 3)])
    assert isinstance(build(distill_cfg(distiller=distiller)), EATrackDistill)
