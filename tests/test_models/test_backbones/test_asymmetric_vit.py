import pytest
import torch

from mmeatrack.models import AsymmetricViT
from tests.toys import DIMS, GRID, SEARCH_SIZE, TEMPLATE_SIZE, TOKENS, backbone_cfg, build


@pytest.fixture
def backbone() -> AsymmetricViT:
    return build(backbone_cfg(2, 2)).eval()


def crops(batch_size: int = 2, num_templates: int = 2, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    template = torch.randn(
        batch_size, num_templates, 3, TEMPLATE_SIZE, TEMPLATE_SIZE, generator=generator
    )
    return template, torch.randn(batch_size, 3, SEARCH_SIZE, SEARCH_SIZE, generator=generator)


def assert_same_tokens(ours, theirs) -> None:
    for name in ('template', 'temporal', 'search'):
        torch.testing.assert_close(getattr(ours, name), getattr(theirs, name), msg=name)


def test_shapes(backbone) -> None:
    template, search = crops(num_templates=3)
    tokens = backbone(template, search)
    assert tokens.template.shape == (2, TOKENS, DIMS)
    assert tokens.temporal.shape == (2, 2 * TOKENS, DIMS)
    assert tokens.search.shape == (2, GRID**2, DIMS)


def test_patches_come_row_by_row(backbone) -> None:
    """Only the token of the bright patch differs."""
    dark, bright = torch.zeros(2, 1, 3, SEARCH_SIZE, SEARCH_SIZE)
    bright[..., 8:16, 24:32] = 1.0  # row 1, column 3 of 4
    changed = (backbone.patch_embed(bright) != backbone.patch_embed(dark)).any(dim=2)
    assert changed.nonzero().tolist() == [[0, 1 * GRID + 3]]


def test_template_and_search_share_the_weights_of_the_separate_stage() -> None:
    backbone = build(backbone_cfg(2, 1, template_size=32, search_size=32)).eval()
    crop = crops()[1]
    assert not torch.allclose(backbone.forward_template(crop), backbone.forward_search(crop))
    with torch.no_grad():
        backbone.template_pos_embed.copy_(backbone.search_pos_embed)
    assert torch.equal(backbone.forward_template(crop), backbone.forward_search(crop))


def test_separate_stage_sees_one_crop_only(backbone) -> None:
    template, search = crops()
    other = torch.cat((search[:1], torch.randn_like(search[1:])))
    assert torch.equal(backbone.forward_search(other)[0], backbone.forward_search(search)[0])
    x = backbone.forward_search(search)
    joint = backbone.forward_joint(backbone.forward_template(template[:, 0]), x).search
    mixed = backbone.forward_joint(backbone.forward_template(template[:, 1]), x).search
    assert not torch.allclose(joint, mixed)  # ... and the joint stage sees both


@pytest.mark.parametrize('num_templates', [1, 2, 3])
def test_forward_equals_its_stages(backbone, num_templates: int) -> None:
    template, search = crops(num_templates=num_templates)
    stages = [backbone.forward_template(template[:, i]) for i in range(num_templates)]
    temporal = torch.cat(stages[1:], dim=1) if num_templates > 1 else None
    parts = backbone.forward_joint(stages[0], backbone.forward_search(search), temporal)
    assert_same_tokens(backbone(template, search), parts)
    assert parts.temporal.shape[1] == (num_templates - 1) * TOKENS


def test_joint_stage_ends_with_the_norm(backbone) -> None:
    template, search = crops(num_templates=1)
    tokens = backbone(template, search).search
    torch.testing.assert_close(tokens.mean(dim=2), torch.zeros(2, GRID**2), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        tokens.var(dim=2, unbiased=False), torch.ones(2, GRID**2), atol=1e-3, rtol=0
    )


def test_hidden_temporal_slot_equals_none(backbone) -> None:
    template, search = crops()
    z, x = backbone.forward_template(template[:, 0]), backbone.forward_search(search)
    temporal = backbone.forward_template(template[:, 1])
    without = backbone.forward_joint(z, x)
    with_all = backbone.forward_joint(z, x, temporal)
    mixed = backbone.forward_joint(z, x, temporal, torch.tensor([False, True]))

    assert (mixed.search[0] - without.search[0]).abs().max() < 1e-5
    assert (mixed.template[0] - without.template[0]).abs().max() < 1e-5
    assert (mixed.search[1] - with_all.search[1]).abs().max() < 1e-5
    assert (with_all.search - without.search).abs().max() > 1e-3


def test_forward_passes_the_mask_on(backbone) -> None:
    template, search = crops()
    hidden = backbone(template, search, torch.tensor([False, False]))
    torch.testing.assert_close(hidden.search, backbone(template[:, :1], search).search)


def test_hidden_temporal_slot_gets_no_gradient(backbone) -> None:
    template, search = crops()
    template.requires_grad_()
    backbone(template, search, torch.tensor([False, True])).search.sum().backward()
    assert template.grad[0, 1].abs().max() == 0
    assert template.grad[1, 1].abs().max() > 0


@pytest.mark.parametrize(
    ('call', 'shape', 'expected'),
    [
        ('forward_template', (1, 3, 32, 32), r'template crop has shape \(1, 3, 32, 32\)'),
        ('forward_template', (1, 1, 16, 16), r'built for \(B, 3, 16, 16\)'),
        ('forward_search', (1, 3, 16, 16), r'search crop has shape .* set search_size'),
        ('forward_search', (1, 3, 32, 24), r'built for \(B, 3, 32, 32\)'),
    ],
)
def test_crop_of_another_size_is_refused(backbone, call: str, shape, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        getattr(backbone, call)(torch.zeros(shape))


def test_layers_are_numbered_through_both_stages(backbone) -> None:
    names = [backbone.layer_name(i) for i in range(backbone.depth)]
    assert names == ['separate_stage.0', 'separate_stage.1', 'joint_stage.0', 'joint_stage.1']
    assert set(names) <= set(dict(backbone.named_modules()))
    teacher = build(backbone_cfg(0, 3))
    assert [teacher.layer_name(i) for i in range(3)] == [f'joint_stage.{i}' for i in range(3)]


@pytest.mark.parametrize('layer', [-1, 4, 100])
def test_unknown_layer_is_refused(backbone, layer: int) -> None:
    with pytest.raises(ValueError, match=f'no layer {layer}.*layers 0 to 3 .2 separate, 2 joint'):
        backbone.layer_name(layer)


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (dict(joint_depth=0), 'separate_depth=2, joint_depth=0'),
        (dict(separate_depth=-1), 'separate_depth=-1, joint_depth=2'),
        (dict(template_size=20), 'template_size=20 must be a multiple of patch_size=8'),
        (dict(search_size=4), 'search_size=4 must be a multiple of patch_size=8'),
        (dict(search_size=0), 'search_size=0 must be a multiple of patch_size=8'),
        (dict(num_heads=3), 'embed_dims=16 cannot be shared by num_heads=3'),
    ],
)
def test_bad_arguments_are_refused_when_built(arguments: dict, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        build(backbone_cfg(**arguments))


def test_initial_weights_depend_on_the_seed_alone() -> None:
    first, again, other = (build(backbone_cfg(), seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first['search_pos_embed'], other['search_pos_embed'])


def test_distribution_of_initial_weights(backbone) -> None:
    linear = backbone.separate_stage[0].mlp.fc1
    # Xavier's uniform bound for 16 and 64 channels, whose standard deviation is bound / sqrt(3).
    bound = (6 / (16 + 64)) ** 0.5
    assert float(linear.weight.abs().max()) == pytest.approx(bound, rel=0.02)
    assert float(linear.weight.std()) == pytest.approx(bound / 3**0.5, rel=0.1)
    assert float(backbone.search_pos_embed.std()) == pytest.approx(0.02, rel=0.2)
    assert linear.bias.abs().max() == 0


def test_drop_path_grows_linearly() -> None:
    backbone = build(backbone_cfg(2, 2, drop_path_rate=0.3))
    blocks = [*backbone.separate_stage, *backbone.joint_stage]
    rates = [getattr(block.drop_path, 'drop_prob', 0.0) for block in blocks]
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.3])
