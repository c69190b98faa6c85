"""Datasets of many targets, on small folders in the benchmarks' layouts."""

import cv2
import numpy as np
import pytest

from mmeatrack.datasets import UAVDTMOTDataset, UAVMOTDataset, VisDroneMOTDataset
from mmeatrack.files.box_text import read_mot_rows


def _images(folder, names):
    folder.mkdir(parents=True)
    for name in names:
        cv2.imwrite(str(folder / name), np.zeros((48, 64, 3), np.uint8))


def _text(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(rows) + '\n')


@pytest.fixture
def crowd(tmp_path):
    for name in ('a', 'b'):
        _images(tmp_path / name / 'img1', ['000001.jpg', '000002.jpg'])
        rows = ('1,1,4,5,10,8,1,1,0.9', '2,1,5.5,5,10,8,1,1,1', '2,7,0,0,5,5,0,1,1')
        _text(tmp_path / name / 'gt' / 'gt.txt', *rows)
    return tmp_path


@pytest.fixture
def visdrone(tmp_path):
    _images(tmp_path / 'sequences' / 'uav1_v', ['0000001.jpg', '0000002.jpg'])
    _text(
        tmp_path / 'annotations' / 'uav1_v.txt',
        '1,0,1,2,10,8,1,4,0,0',  # a car
        '1,1,20,2,6,6,1,2,0,0',  # people, a class that is not scored
        '1,2,30,2,9,9,1,9,0,1',  # a bus
        '2,0,0,0,20,20,0,0,0,0',  # an ignored region
        '2,3,40,30,5,5,1,11,0,0',  # category others
        '2,4,50,30,5,5,0,4,0,0',  # a car of score 0
    )
    return tmp_path


@pytest.fixture
def uavdt(tmp_path):
    _images(tmp_path / 'UAV-benchmark-M' / 'M0101', ['img000001.jpg'])
    truth = tmp_path / 'UAV-benchmark-MOTD_v1.0' / 'GT'
    _text(truth / 'M0101_gt_whole.txt', '1,3,1,2,10,8,1,1,1', '1,4,30,2,10,8,1,1,3')
    _text(truth / 'M0101_gt_ignore.txt', '1,-1,0,30,64,18,1,-1,-1')
    return tmp_path


def _load(kind, root, **kwargs):
    return kind(data_root=str(root), test_mode=True, pipeline=[], **kwargs)


def _facts(info):
    names = ('bbox', 'bbox_label', 'category_id', 'ignore_flag')
    return [tuple(each[name] for name in names) for each in info['instances']]


def test_frames_and_targets_of_motchallenges_layout(crowd):
    dataset = _load(UAVMOTDataset, crowd)
    assert [dataset.get_data_info(i)['frame_id'] for i in range(4)] == [0, 1, 0, 1]
    assert [dataset.get_data_info(i)['video_id'] for i in range(4)] == [0, 0, 1, 1]
    info = dataset.get_data_info(1)
    assert (info['width'], info['height'], info['video_length']) == (64, 48, 2)
    assert _facts(info) == [([5.5, 5, 15.5, 13], 0, 1, 0), ([0, 0, 5, 5], 0, 1, 1)]
    assert [each['instance_id'] for each in info['instances']] == [1, 7]
    first = dataset.get_data_info(0)['instances'][0]
    assert (first['visibility'], first['mot_conf']) == (0.9, 1)
    assert info['img_path'].split('/')[-3:] == ['a', 'img1', '000002.jpg']


def test_sequences_can_be_chosen(crowd):
    assert len(_load(UAVMOTDataset, crowd, sequences=['b'])) == 2
    with pytest.raises(FileNotFoundError, match=r"no sequence \['c'\] in .*; here: \['a', 'b'\]"):
        _load(UAVMOTDataset, crowd, sequences=['b', 'c'])
    with pytest.raises(FileNotFoundError, match='Set data_root'):
        _load(UAVMOTDataset, crowd / 'nowhere')
    with pytest.raises(ValueError, match=r"no data_prefix \['ann_path'\]"):
        _load(UAVMOTDataset, crowd, data_prefix=dict(ann_path='x'))


def test_visdrone_classes_and_ignored_rows(visdrone):
    dataset = _load(VisDroneMOTDataset, visdrone)
    assert dataset.metainfo['CLASSES'] == ('pedestrian', 'car', 'van', 'truck', 'bus')
    assert _facts(dataset.get_data_info(0)) == [
        ([1, 2, 11, 10], 1, 4, 0),
        ([30, 2, 39, 11], 4, 9, 0),
    ]
    assert [fact[2:] for fact in _facts(dataset.get_data_info(1))] == [(0, 1), (11, 1), (4, 1)]
    # mmtrack's metric takes the third part from the right for the video's name.
    assert dataset.get_data_info(0)['img_path'].split('/')[-3] == 'uav1_v'


def test_classes_can_be_chosen(visdrone):
    dataset = _load(VisDroneMOTDataset, visdrone, metainfo=dict(CLASSES=('bus',)))
    assert _facts(dataset.get_data_info(0)) == [([30, 2, 39, 11], 0, 9, 0)]
    with pytest.raises(ValueError, match=r"no class \['tram'\]; it has \['pedestrian', 'car'"):
        _load(VisDroneMOTDataset, visdrone, metainfo=dict(CLASSES=('bus', 'tram')))


def test_training_frames_are_those_with_a_scored_target(visdrone):
    dataset = VisDroneMOTDataset(data_root=str(visdrone), pipeline=[])
    assert [dataset.get_data_info(i)['frame_id'] for i in range(len(dataset))] == [0]


def test_targets_and_ignored_regions_of_uavdt(uavdt):
    dataset = _load(UAVDTMOTDataset, uavdt)
    assert _facts(dataset.get_data_info(0)) == [
        ([1, 2, 11, 10], 0, 1, 0),
        ([30, 2, 40, 10], 2, 3, 0),
        ([0, 30, 64, 48], 0, 0, 1),
    ]
    assert dataset.get_data_info(0)['img_path'].split('/')[-3] == 'M0101'


def test_mirrors_name_folders_differently(uavdt):
    (uavdt / 'UAV-benchmark-M').rename(uavdt / 'frames')
    assert len(_load(UAVDTMOTDataset, uavdt, data_prefix=dict(img_path='frames'))) == 1


@pytest.mark.parametrize(
    ('row', 'told'),
    [
        ('1,1,2,3,4', 'line 2: .* expected nine numbers'),
        ('1,1,2,3,4,x,1,1,1', "line 2: .*'x'; expected nine numbers"),
        ('1,1,2,3,4,nan,1,1,1', 'line 2: .* expected nine numbers'),
        ('3,1,2,3,4,5,1,1,1', 'line 2: frame 3 of 2; are images missing'),
    ],
)
def test_malformed_rows_are_named(tmp_path, row, told):
    _text(tmp_path / 'gt.txt', '1,1,2,3,4,5,1,1,1', row)
    with pytest.raises(ValueError, match=told):
        read_mot_rows(tmp_path / 'gt.txt', 2)
