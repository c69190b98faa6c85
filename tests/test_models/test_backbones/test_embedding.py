import pytest
import torch

from mmeatrack.models.backbones.embedding import BoxEmbed, ConvStem, box_coverage, build_stem
from mmeatrack.registry import MODELS
from tests.toys import DIMS, TEMPLATE_SIZE, backbone_cfg


def test_coverage_of_pixels_by_a_box() -> None:
    # Pixel centres are whole numbers: the box reaches from 0.5 to 3.0 in x, 1.5 to 3.5 in y.
    (coverage,) = box_coverage(torch.tensor([[1.75, 2.5, 2.5, 2.0]]), 5)
    assert coverage[2].tolist() == pytest.approx([0, 1, 1, 0.5, 0])
    assert coverage[:, 1].tolist() == pytest.approx([0, 0, 1, 1, 0])
    assert float(coverage.sum()) == pytest.approx(2.5 * 2.0)


def test_box_larger_than_the_crop_covers_it() -> None:
    assert box_coverage(torch.tensor([[2.0, 2.0, 50.0, 50.0]]), 4).eq(1).all()


def test_box_embedding_starts_at_zero_and_tells_inside_from_outside() -> None:
    embed = BoxEmbed(8, 4)
    box = torch.tensor([[3.5, 7.5, 8.0, 16.0]])  # the left half of a crop of 16 px
    assert embed(box, 16).shape == (1, 4, 4)
    assert embed(box, 16).abs().max() == 0
    torch.nn.init.ones_(embed.proj.weight)
    assert embed(box, 16)[0, :, 0].tolist() == [64, 0, 64, 0]


def test_conv_stem_gives_one_token_per_patch() -> None:
    stem = ConvStem(8, 32).eval()
    assert stem(torch.rand(2, 3, 48, 48)).shape == (2, 36, 32)


@pytest.mark.parametrize(('patch_size', 'dims'), [(6, 32), (2, 32), (8, 30)])
def test_conv_stem_refuses_sizes_that_do_not_fit(patch_size: int, dims: int) -> None:
    with pytest.raises(ValueError, match="stem='conv' cannot have"):
        ConvStem(patch_size, dims)


def test_unknown_stem_is_refused() -> None:
    with pytest.raises(ValueError, match="stem='resnet' is unknown"):
        build_stem('resnet', 8, 32)


def test_backbone_with_box_embedding_needs_and_reads_boxes() -> None:
    backbone = MODELS.build(backbone_cfg(box_embed=True))
    backbone.init_weights()
    torch.nn.init.normal_(backbone.box_embed.proj.weight)
    crop = torch.rand(2, 3, TEMPLATE_SIZE, TEMPLATE_SIZE)
    with pytest.raises(ValueError, match='needs the box of each template'):
        backbone.forward_template(crop)
    square = torch.tensor([[7.5, 7.5, 8.0, 8.0]]).expand(2, 4)
    tall = torch.tensor([[7.5, 7.5, 4.0, 16.0]]).expand(2, 4)
    tokens = backbone.forward_template(crop, square)
    assert tokens.shape == (2, 4, DIMS)
    assert not torch.allclose(tokens, backbone.forward_template(crop, tall), atol=1e-3)


def test_default_backbone_keeps_the_names_of_its_weights() -> None:
    keys = set(MODELS.build(backbone_cfg()).state_dict())
    assert {'patch_embed.proj.weight', 'patch_embed.proj.bias'} <= keys
    assert not any('box_embed' in key for key in keys)
