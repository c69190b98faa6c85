"""Each benchmark in its official layout, with the quirks of its releases."""

from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
from mmengine.config import Config

from mmeatrack.datasets import (
    DTB70Dataset,
    UAV123At10fpsDataset,
    UAV123Dataset,
    UAVDTDataset,
    UAVSOTDataset,
    VisDroneSOTDataset,
)
from mmeatrack.files.sequence_infos import load_sequence_table
from mmeatrack.registry import DATASETS
from tests.test_datasets.trees import (
    boxes_of,
    touch_frames,
    write_boxes,
    write_dtb70_sequence,
    write_uav123_sequence,
)
from tests.toys import logged

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'datasets'


def img_paths(dataset: UAVSOTDataset, name: str) -> list:
    index = dataset.metainfo['seq_names'].index(name)
    return dataset.get_img_infos_from_video(index)['img_paths']


def test_dtb70(tmp_path: Path) -> None:
    write_dtb70_sequence(tmp_path, 'Animal1', boxes_of(4))
    write_dtb70_sequence(tmp_path, 'BMX2', boxes_of(3))
    touch_frames(tmp_path, ['.DS_Store', 'readme.txt'])
    (tmp_path / '__MACOSX').mkdir()

    dataset = DTB70Dataset(data_root=str(tmp_path), test_mode=True)

    assert dataset.metainfo['seq_names'] == ('Animal1', 'BMX2')
    assert img_paths(dataset, 'BMX2')[2] == str(tmp_path / 'BMX2/img/00003.jpg')


def make_uavdt(root: Path, folder: str = 'sequences') -> None:
    for name in ('S0101', 'S1701'):
        touch_frames(root / folder / name, [f'img{i:06d}.jpg' for i in range(1, 13)])
        write_boxes(root / 'anno' / f'{name}_gt.txt', boxes_of(12))
    (root / 'anno' / 'att').mkdir()
    (root / 'anno' / 'att' / 'S0101_att.txt').write_text('1,0,0,1,0,0,0,0,1\n')
    touch_frames(root / folder, ['list.txt'])


def test_uavdt(tmp_path: Path) -> None:
    make_uavdt(tmp_path)

    dataset = UAVDTDataset(data_root=str(tmp_path), test_mode=True)

    assert dataset.metainfo['seq_names'] == ('S0101', 'S1701')
    assert dataset.metainfo['attributes'] == (['BC', 'SO', 'LO'], [])
    assert img_paths(dataset, 'S0101')[10].endswith('sequences/S0101/img000011.jpg')


def test_uavdt_of_a_mirror_with_another_folder_name(tmp_path: Path) -> None:
    make_uavdt(tmp_path, 'data_seq')

    with pytest.raises(FileNotFoundError, match=r"holds \['anno', 'data_seq'\]"):
        UAVDTDataset(data_root=str(tmp_path), test_mode=True)
    dataset = UAVDTDataset(
        data_root=str(tmp_path), data_prefix=dict(img_path='data_seq'), test_mode=True
    )

    assert len(dataset) == 24


def test_annotation_without_images_is_named(tmp_path: Path) -> None:
    make_uavdt(tmp_path)
    write_boxes(tmp_path / 'anno' / 'S0301_gt.txt', boxes_of(12))

    dataset = UAVDTDataset(data_root=str(tmp_path), test_mode=True)

    assert dataset.metainfo['seq_names'] == ('S0101', 'S1701')
    assert 'S0301: no such image folder' in dataset.metainfo['left_out']['S0301']


def test_unreadable_attributes_are_a_warning(tmp_path: Path) -> None:
    make_uavdt(tmp_path)
    (tmp_path / 'anno' / 'att' / 'S0101_att.txt').write_text('1,0,0\n')

    with logged() as messages:
        dataset = UAVDTDataset(data_root=str(tmp_path), test_mode=True)

    assert dataset.metainfo['seq_names'] == ('S0101', 'S1701')
    assert dataset.metainfo['attributes'] == ([], [])
    assert any('S0101_att.txt: 3 flags for 9 attribute names' in each for each in messages)


def make_visdrone(root: Path, num_boxes: int = 5) -> None:
    name = 'uav0000011_00000_s'
    touch_frames(root / 'sequences' / name, [f'img{i:07d}.jpg' for i in range(1, 6)])
    write_boxes(root / 'annotations' / f'{name}.txt', boxes_of(num_boxes))
    (root / 'attributes').mkdir()
    (root / 'attributes' / f'{name}_attr.txt').write_text('0,1,1,0,0,0,0,0,0,0,1,0')


def test_visdrone(tmp_path: Path) -> None:
    make_visdrone(tmp_path)

    dataset = VisDroneSOTDataset(data_root=str(tmp_path), test_mode=True)

    assert dataset.metainfo['seq_names'] == ('uav0000011_00000_s',)
    assert dataset.metainfo['attributes'] == (['BC', 'CM', 'SV'],)
    assert len(dataset) == 5


def test_visdrone_release_with_first_boxes_only(tmp_path: Path) -> None:
    make_visdrone(tmp_path, num_boxes=1)

    with pytest.raises(ValueError, match='first box only cannot be scored'):
        VisDroneSOTDataset(data_root=str(tmp_path), test_mode=True)


def test_uav123_10fps(tmp_path: Path) -> None:
    by_name = {sequence.name: sequence for sequence in load_sequence_table('uav123_10fps')}
    for name in ('bird1_1', 'bird1_2', 'bird1_3', 'car16_1', 'car16_2', 'wakeboard7'):
        write_uav123_sequence(tmp_path, 'UAV123_10fps', by_name[name])
    boxes = boxes_of(by_name['bird1_2'].last - by_name['bird1_2'].first + 1)
    boxes[3:9] = np.nan
    write_boxes(tmp_path / 'anno/UAV123_10fps/bird1_2.txt', boxes)
    (tmp_path / 'anno/UAV123_10fps/att').mkdir()
    (tmp_path / 'anno/UAV123_10fps/att/bird1_2.txt').write_text('1,0,0,0,1,0,1,0,0,0,0,1')

    dataset = UAV123At10fpsDataset(data_root=str(tmp_path), test_mode=True)

    meta = dataset.metainfo
    assert meta['seq_names'] == (
        'bird1_1', 'bird1_2', 'bird1_3', 'car16_1', 'car16_2', 'wakeboard7'
    )  # fmt: skip
    assert len(meta['left_out']) == 117
    first, last = by_name['bird1_2'].first, by_name['bird1_2'].last
    assert img_paths(dataset, 'bird1_2')[0].endswith(f'UAV123_10fps/bird1/{first:06d}.jpg')
    assert img_paths(dataset, 'bird1_2')[-1].endswith(f'{last:06d}.jpg')
    # The boundary frame of car16 belongs to both of its sequences.
    assert img_paths(dataset, 'car16_1')[-1] == img_paths(dataset, 'car16_2')[0]
    assert meta['attributes'][1] == ['SV', 'FOC', 'OV', 'SOB']
    valid = dataset.get_ann_infos_from_video(1)['bboxes_isvalid']
    np.testing.assert_array_equal(np.flatnonzero(~valid), np.arange(3, 9))


def test_uav123_names_the_frame_that_is_missing(tmp_path: Path) -> None:
    by_name = {sequence.name: sequence for sequence in load_sequence_table('uav123')}
    for name in ('bird1_1', 'bird1_2'):
        write_uav123_sequence(tmp_path, 'UAV123', by_name[name])
    (tmp_path / 'data_seq/UAV123/bird1/000800.jpg').unlink()

    dataset = UAV123Dataset(data_root=str(tmp_path), test_mode=True)

    assert dataset.metainfo['seq_names'] == ('bird1_1',)
    assert 'frame 800 is missing' in dataset.metainfo['left_out']['bird1_2']


BENCHMARKS: Dict[str, Any] = {
    'dtb70': (DTB70Dataset, lambda root: write_dtb70_sequence(root, 'Animal1', boxes_of(4))),
    'uavdt': (UAVDTDataset, make_uavdt),
    'visdrone': (VisDroneSOTDataset, make_visdrone),
    'uav123': (
        UAV123Dataset,
        lambda root: write_uav123_sequence(root, 'UAV123', load_sequence_table('uav123')[3]),
    ),
    'uav123-10fps': (
        UAV123At10fpsDataset,
        lambda root: write_uav123_sequence(
            root, 'UAV123_10fps', load_sequence_table('uav123_10fps')[3]
        ),
    ),
}


@pytest.mark.parametrize('name', BENCHMARKS)
def test_config_builds_the_dataset(name: str, tmp_path: Path) -> None:
    dataset_class, make_tree = BENCHMARKS[name]
    make_tree(tmp_path)
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    settings = cfg.test_dataloader.dataset.to_dict()
    settings.update(data_root=str(tmp_path), pipeline=[])

    dataset = DATASETS.build(settings)

    assert type(dataset) is dataset_class
    assert cfg.test_dataloader.sampler.type == 'VideoSampler'
    assert cfg.test_evaluator.absent == 'miss'
    assert cfg.test_evaluator.result_dir.endswith(f'/{name}')
