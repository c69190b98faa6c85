from typing import Any, List

import pytest
import torch
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample

from mmeatrack.models.data_preprocessors.in_batch_distractors import paste_distractors
from mmeatrack.registry import MODELS
from tests.toys import PREPROCESSOR


def sample(template_box: List[float], search_box: List[float]) -> TrackDataSample:
    found = TrackDataSample()
    found.gt_instances = InstanceData(bboxes=torch.tensor([template_box]))
    found.search_gt_instances = InstanceData(bboxes=torch.tensor([search_box]))
    return found


def batch_of_two() -> Any:
    """Templates of 1s and of 2s, black search crops, targets in the upper left corner."""
    templates = torch.stack([torch.full((2, 3, 16, 16), value) for value in (1.0, 2.0)])
    samples = [sample([4, 4, 12, 12], [0, 0, 8, 8]) for _ in range(2)]
    return templates, torch.zeros(2, 1, 3, 32, 32), samples


def test_each_crop_gets_the_other_target_outside_its_box() -> None:
    templates, search, samples = batch_of_two()
    for seed in range(20):
        torch.manual_seed(seed)
        pasted = paste_distractors(templates, search, samples, 1.0)
        assert search.abs().max() == 0
        for crop, donor in zip(pasted[:, 0], (2.0, 1.0)):
            assert 0.9 * donor < float(crop.max()) <= donor
            # The boxes do not overlap: inside the target only the faded edge can be seen.
            assert float(crop[:, :7, :7].max()) < 0.5 * donor
            # The integral of exp(-r ** 6) over a square of 8 px is (2 * 4 * Gamma(7 / 6)) ** 2.
            assert float(crop[0].sum()) <= donor * (8 * 0.9278) ** 2 * 1.02


def test_a_patch_that_fits_keeps_its_mass() -> None:
    templates, search, samples = batch_of_two()
    whole = 0
    for seed in range(20):
        torch.manual_seed(seed)
        crop = paste_distractors(templates, search, samples, 1.0)[0, 0, 0]
        rim = torch.cat((crop[0], crop[-1], crop[:, 0], crop[:, -1]))
        if float(rim.max()) == 0:
            whole += 1
            assert float(crop.sum()) == pytest.approx(2 * (8 * 0.9278) ** 2, rel=0.02)
    assert whole >= 3


def test_share_and_seed() -> None:
    templates = torch.ones(200, 1, 3, 16, 16)
    search = torch.zeros(200, 1, 3, 32, 32)
    samples = [sample([4, 4, 12, 12], [12, 12, 20, 20])] * 200
    torch.manual_seed(0)
    once = paste_distractors(templates, search, samples, 0.4)
    torch.manual_seed(0)
    assert torch.equal(once, paste_distractors(templates, search, samples, 0.4))
    changed = int((once.flatten(1).max(dim=1).values > 0).sum())
    assert 60 <= changed <= 100  # 80 expected, standard deviation 7
    assert torch.equal(paste_distractors(templates, search, samples, 0.0), search)


def test_no_free_place_and_no_other_sample() -> None:
    templates, search, _ = batch_of_two()
    samples = [sample([0, 0, 16, 16], [-20, -20, 52, 52])] * 2
    assert torch.equal(paste_distractors(templates, search, samples, 1.0), search)
    alone = [sample([4, 4, 12, 12], [0, 0, 8, 8])]
    assert torch.equal(paste_distractors(templates[:1], search[:1], alone, 1.0), search[:1])


def test_the_preprocessor_pastes_in_training_only() -> None:
    preprocessor = MODELS.build(dict(PREPROCESSOR, distractors=1.0))
    crops = [torch.full((2, 3, 16, 16), 255, dtype=torch.uint8)] * 2
    search = [torch.zeros(1, 3, 32, 32, dtype=torch.uint8)] * 2
    samples = [sample([4, 4, 12, 12], [0, 0, 8, 8]) for _ in range(2)]
    data = dict(inputs=dict(img=crops, search_img=search), data_samples=samples)
    plain = MODELS.build(PREPROCESSOR)(data, training=True)['inputs']
    torch.manual_seed(0)
    found = preprocessor(data, training=True)['inputs']
    assert torch.equal(found['img'], plain['img'])
    assert float((found['search_img'] - plain['search_img']).max()) > 4  # white on black, in std
    frame = dict(inputs=dict(img=[torch.zeros(1, 3, 9, 9)]), data_samples=samples[:1])
    assert float(preprocessor(frame)['inputs']['img'].abs().max()) == 0


def test_bad_share_is_refused() -> None:
    with pytest.raises(ValueError, match=r'distractors=1.5 must lie between 0 and 1'):
        MODELS.build(dict(PREPROCESSOR, distractors=1.5))
