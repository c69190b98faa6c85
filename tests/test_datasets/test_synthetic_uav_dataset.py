from pathlib import Path
from typing import Iterator

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmeatrack.datasets import SyntheticUAVDataset
from mmeatrack.registry import DATASETS
from tests.test_datasets.trees import boxes_of, write_dtb70_sequence
from tests.toys import mmtrack_scope

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'datasets'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ('car_occlusion_000', 'boat_static_001'):
        folder = write_dtb70_sequence(tmp_path, name, boxes_of(24), images=True)
        (folder / 'attributes.txt').write_text(name.split('_')[1] + '\n')
        visibility = np.ones(24)
        visibility[10:14] = [0.5, 0.25, 0.0, 0.3]
        (folder / 'visibility.txt').write_text('\n'.join(f'{v:.2f}' for v in visibility))
    return tmp_path


@pytest.fixture
def _scope() -> Iterator[None]:
    with mmtrack_scope():
        yield


def test_training_skips_hardly_visible_frames(root: Path) -> None:
    dataset = SyntheticUAVDataset(data_root=str(root), min_visibility=0.3)

    visible = dataset.get_ann_infos_from_video(0)['visible']

    np.testing.assert_array_equal(np.flatnonzero(~visible), [11, 12])
    assert len(dataset._visible_frames(0)['img_paths']) == 22


def test_attributes(root: Path) -> None:
    dataset = SyntheticUAVDataset(data_root=str(root), test_mode=True)

    assert dataset.metainfo['seq_names'] == ('boat_static_001', 'car_occlusion_000')
    assert dataset.metainfo['attributes'] == (['static'], ['occlusion'])


def test_short_or_malformed_visibility_file_is_named(root: Path) -> None:
    path = root / 'boat_static_001' / 'visibility.txt'
    path.write_text('1.0\n' * 23)
    with pytest.raises(ValueError, match=r'visibility\.txt: 23 lines for 24 frames'):
        SyntheticUAVDataset(data_root=str(root), bad_sequences='raise')
    path.write_text('hidden\n' * 24)
    with pytest.raises(ValueError, match=r'visibility\.txt: could not convert'):
        SyntheticUAVDataset(data_root=str(root), bad_sequences='raise')


def test_min_visibility_must_be_a_share() -> None:
    with pytest.raises(ValueError, match='min_visibility=30 must lie between 0 and 1'):
        SyntheticUAVDataset(data_root='.', min_visibility=30)


@pytest.mark.usefixtures('_scope')
@pytest.mark.parametrize(
    ('config', 'template_size', 'search_size'),
    [('synthetic_uav', 128, 256), ('synthetic_uav_micro', 48, 96)],
)
def test_training_config_gives_two_templates_and_one_search_crop(
    config: str, template_size: int, search_size: int, root: Path
) -> None:
    cfg = Config.fromfile(CONFIGS / f'{config}.py')
    settings = cfg.train_dataloader.dataset.to_dict()
    settings['data_root'] = str(root)

    sample = DATASETS.build(settings)[0]

    assert sample['inputs']['img'].shape == (2, 3, template_size, template_size)
    assert sample['inputs']['search_img'].shape == (1, 3, search_size, search_size)
    # The first template is not jittered, so that its target is in the middle.
    boxes = sample['data_samples'].gt_instances.bboxes
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    middle = (template_size - 1) / 2
    torch.testing.assert_close(centers[0], torch.full_like(centers[0], middle))
    # Crop factor 2: the crop's side is about twice the target's mean side.
    sides = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1).sqrt()
    assert abs(float(sides[0]) / template_size - 0.5) < 0.03
    # The second is jittered by at most a quarter of a side, and in scale, if the config says so.
    shift, scale = (0.25, 0.08) if 'micro' in config else (0.0, 0.03)
    assert float((centers[1] - middle).abs().max()) <= shift * template_size * 0.6 + 1e-4
    assert abs(float(sides[1]) / template_size - 0.5) < scale


@pytest.mark.usefixtures('_scope')
def test_test_config_loads_frames(root: Path) -> None:
    cfg = Config.fromfile(CONFIGS / 'synthetic_uav.py')
    settings = cfg.test_dataloader.dataset.to_dict()
    settings['data_root'] = str(root)

    sample = DATASETS.build(settings)[(0, 3)]

    assert sample['inputs']['img'].shape == (1, 3, 48, 64)
    assert sample['data_samples'].metainfo['frame_id'] == 3
    np.testing.assert_allclose(sample['data_samples'].gt_instances.bboxes, [[13, 21.5, 25, 29.5]])
