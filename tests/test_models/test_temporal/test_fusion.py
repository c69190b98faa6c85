import torch

from mmeatrack.models.temporal import FUSIONS

TEMPLATE = torch.tensor([[[0.0, 4.0], [8.0, 0.0]]])  # (1, Nz 2, C 2)
SAMPLES = torch.tensor([[[1.0, 0.0], [0.0, 0.0]], [[3.0, 8.0], [0.0, 4.0]]])  # (S 2, Nz 2, C 2)


def test_concat_puts_the_samples_beside_the_template() -> None:
    template, temporal = FUSIONS['concat'](TEMPLATE, SAMPLES, 0.7)
    assert torch.equal(template, TEMPLATE)
    expected = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [3.0, 8.0], [0.0, 4.0]]])
    assert torch.equal(temporal, expected)


def test_blend_mixes_the_mean_of_the_samples_into_the_template() -> None:
    template, temporal = FUSIONS['blend'](TEMPLATE, SAMPLES, 0.25)
    # The samples' mean is (2, 4), (0, 2): three quarters of the template and one of that.
    assert torch.equal(template, torch.tensor([[[0.5, 4.0], [6.0, 0.5]]]))
    assert temporal is None


def test_blend_at_its_ends() -> None:
    assert torch.equal(FUSIONS['blend'](TEMPLATE, SAMPLES, 0.0)[0], TEMPLATE)
    mean = torch.tensor([[[2.0, 4.0], [0.0, 2.0]]])
    assert torch.equal(FUSIONS['blend'](TEMPLATE, SAMPLES, 1.0)[0], mean)


def test_what_is_fused_stays_as_it_was() -> None:
    for fusion in FUSIONS.values():
        template, samples = TEMPLATE.clone(), SAMPLES.clone()
        fusion(template, samples, 0.5)
        assert torch.equal(template, TEMPLATE)
        assert torch.equal(samples, SAMPLES)
