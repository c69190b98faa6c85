from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmtrack.datasets.transforms import PairSampling, TridentSampling

from tests.test_datasets.trees import (
    boxes_of,
    sot_dataset,
    touch_frames,
    write_boxes,
    write_dtb70_sequence,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two sequences next to a readme, a hidden and a stray folder."""
    boxes = boxes_of(30)
    boxes[4:7] = np.nan
    write_dtb70_sequence(tmp_path, 'boat', boxes_of(25))
    write_dtb70_sequence(tmp_path, 'car', boxes)
    (tmp_path / 'car' / 'attributes.txt').write_text('occlusion\nrotation\n')
    (tmp_path / 'readme.txt').write_text('1,2,3,4\n')
    (tmp_path / '.cache').mkdir()
    (tmp_path / 'toolkit').mkdir()
    return tmp_path


def test_sequences_of_a_folder(root: Path) -> None:
    dataset = sot_dataset(root, serialize_data=True)

    assert dataset.num_videos == 2
    assert len(dataset) == 25 + 30
    assert [dataset.get_len_per_video(i) for i in range(2)] == [25, 30]
    paths = dataset.get_img_infos_from_video(1)['img_paths']
    assert paths[0] == str(root / 'car' / 'img' / '00001.jpg')
    assert paths[-1] == str(root / 'car' / 'img' / '00030.jpg')


def test_boxes_become_corners_and_nan_rows_invalid(root: Path) -> None:
    infos = sot_dataset(root).get_ann_infos_from_video(1)

    np.testing.assert_array_equal(infos['bboxes'][0], [10, 20, 22, 28])
    np.testing.assert_array_equal(np.flatnonzero(~infos['bboxes_isvalid']), [4, 5, 6])
    np.testing.assert_array_equal(infos['visible'], infos['bboxes_isvalid'])


def test_metainfo_holds_the_ground_truth_for_a_metric(root: Path) -> None:
    meta = sot_dataset(root).metainfo

    assert meta['seq_names'] == ('boat', 'car')
    assert meta['attributes'] == ([], ['occlusion', 'rotation'])
    assert meta['left_out'] == {}
    np.testing.assert_array_equal(meta['ground_truths'][0], boxes_of(25))


def test_training_metainfo_is_small_enough_for_checkpoints(root: Path) -> None:
    assert 'ground_truths' not in sot_dataset(root, test_mode=False).metainfo


def test_test_sample_of_a_frame(root: Path) -> None:
    results = sot_dataset(root)[(1, 2)]

    assert results['img_path'].endswith('car/img/00003.jpg')
    assert (results['video_id'], results['frame_id'], results['video_length']) == (1, 2, 30)
    np.testing.assert_array_equal(results['instances'][0]['bbox'], [12, 21, 24, 29])


@pytest.mark.parametrize(
    'sampling',
    [
        PairSampling(frame_range=100, pos_prob=0.8),
        TridentSampling(num_search_frames=1, num_template_frames=2, max_frame_range=[200]),
    ],
)
def test_training_never_draws_an_absent_frame(root: Path, sampling: Any) -> None:
    dataset = sot_dataset(root, test_mode=False, pipeline=[sampling])

    drawn = [dataset[i % 2] for i in range(200)]

    boxes = np.array([frame[0]['bbox'] for sample in drawn for frame in sample['instances']])
    frame_ids = {
        int(frame_id)
        for sample in drawn
        for frame_id, video_id in zip(sample['frame_id'], sample['video_id'])
        if video_id == 1
    }
    assert np.isfinite(boxes).all()
    assert frame_ids
    assert frame_ids.isdisjoint({4, 5, 6})
    assert max(frame_ids) > 20  # frame numbers still count all frames


def test_annotations_are_copies(root: Path) -> None:
    dataset = sot_dataset(root)
    first = dataset.get_ann_infos_from_video(0)['bboxes']
    first += 100

    np.testing.assert_array_equal(dataset.get_bboxes_from_video(0), boxes_of(25))


def test_images_in_the_sequence_folder_and_other_box_files(tmp_path: Path) -> None:
    touch_frames(tmp_path / 'clip', ['0001.jpg', '0002.jpg'])
    write_boxes(tmp_path / 'clip' / 'boxes.csv', boxes_of(2))

    dataset = sot_dataset(tmp_path, img_folder='', box_file='boxes.csv')

    assert dataset.metainfo['seq_names'] == ('clip',)
    assert len(dataset) == 2


def test_list_of_sequences(root: Path) -> None:
    sequences = [
        dict(
            seq_name='car_part',
            video_path='car/img',
            ann_path='part.txt',
            start_frame_id=11,
            end_frame_id=20,
        )
    ]
    write_boxes(root / 'part.txt', boxes_of(10))

    dataset = sot_dataset(root, sequences=sequences)

    assert dataset.metainfo['seq_names'] == ('car_part',)
    assert dataset.get_img_infos_from_video(0)['img_paths'][0].endswith('car/img/00011.jpg')


def test_infos_file(root: Path) -> None:
    (root / 'infos.txt').write_text('header\nboat/img,boat/groundtruth_rect.txt,1,25\n')

    dataset = sot_dataset(root, ann_file='infos.txt')

    assert dataset.metainfo['seq_names'] == ('boat',)
    assert len(dataset) == 25


BAD_BOXES = {
    'empty': (b'', 'groundtruth_rect.txt: the file is empty'),
    'binary': (b'\x89PNG\r\n\x00\x1a', 'groundtruth_rect.txt: not a text file'),
    'words': (b'1,2,3,4\nlost\n', "groundtruth_rect.txt, line 2: 'lost' is not a box"),
    'absent_first': (b'NaN,NaN,NaN,NaN\n1,2,3,4\n', r'line 1: the first box is \[nan'),
    'flat_first': (b'1,2,0,4\n1,2,3,4\n', r'line 1: the first box is \[1.0, 2.0, 0.0, 4.0\]'),
    'first_only': (b'1,2,3,4\n', 'first box only'),
    'too_few': (b'1,2,3,4\n' * 23, '23 boxes for 25 frames'),
    'too_many': (b'1,2,3,4\n' * 26, '26 boxes for 25 frames'),
}


@pytest.mark.parametrize('case', BAD_BOXES)
def test_bad_sequence_is_left_out_with_its_reason(root: Path, case: str) -> None:
    content, reason = BAD_BOXES[case]
    (root / 'boat' / 'groundtruth_rect.txt').write_bytes(content)

    dataset = sot_dataset(root)

    assert dataset.metainfo['seq_names'] == ('car',)
    assert list(dataset.metainfo['left_out']) == ['boat']
    with pytest.raises(ValueError, match=reason):
        raise ValueError(dataset.metainfo['left_out']['boat'])
    with pytest.raises(ValueError, match=reason):
        sot_dataset(root, bad_sequences='raise')


def test_missing_frame_shows_in_the_count(root: Path) -> None:
    (root / 'boat' / 'img' / '00012.jpg').unlink()

    left_out = sot_dataset(root).metainfo['left_out']

    assert '25 boxes for 24 frames' in left_out['boat']
    assert 'no frame between 00011.jpg and 00013.jpg' in left_out['boat']


def test_missing_annotation_or_images_are_named(root: Path) -> None:
    (root / 'boat' / 'groundtruth_rect.txt').unlink()
    write_boxes(root / 'plane' / 'groundtruth_rect.txt', boxes_of(3))

    left_out = sot_dataset(root).metainfo['left_out']

    assert 'boat/groundtruth_rect.txt: no such box file' in left_out['boat']
    assert 'plane/img: no such image folder' in left_out['plane']


def test_missing_last_box_is_accepted(root: Path) -> None:
    write_boxes(root / 'boat' / 'groundtruth_rect.txt', boxes_of(24))

    dataset = sot_dataset(root)

    assert dataset.metainfo['seq_names'] == ('boat', 'car')
    assert len(dataset.get_img_infos_from_video(0)['img_paths']) == 24


def test_missing_box_is_refused_if_the_first_frame_may_be_extra(root: Path) -> None:
    (root / 'boat' / 'img' / '00000.jpg').touch()

    reason = sot_dataset(root).metainfo['left_out']['boat']

    assert '25 boxes for 26 frames' in reason
    assert 'unclear which of 00000.jpg, 00001.jpg .. 00025.jpg has none' in reason


@pytest.mark.parametrize('test_mode', [True, False])
@pytest.mark.parametrize('twin', ['00005 (1).jpg', '5.jpg', '00005.png'])
def test_duplicate_frame_is_named(root: Path, twin: str, test_mode: bool) -> None:
    (root / 'boat' / 'img' / twin).touch()

    dataset = sot_dataset(root, test_mode=test_mode)

    assert dataset.num_videos == 1
    reason = dataset.left_out['boat']
    assert '00005.jpg' in reason
    assert twin in reason
    assert 'are both frame 5' in reason


def test_time_stamps_are_sorted_as_decimals(tmp_path: Path) -> None:
    write_boxes(tmp_path / 'car' / 'groundtruth_rect.txt', boxes_of(4))
    touch_frames(tmp_path / 'car' / 'img', ['0.125.jpg', '0.2.jpg', '0.1.jpg', '0.05.jpg'])

    paths = sot_dataset(tmp_path).get_img_infos_from_video(0)['img_paths']

    assert [Path(path).name for path in paths] == ['0.05.jpg', '0.1.jpg', '0.125.jpg', '0.2.jpg']


def test_two_targets_are_two_sequences(tmp_path: Path) -> None:
    write_dtb70_sequence(tmp_path, 'Dog', boxes_of(3))
    for number in (1, 2):
        write_boxes(
            tmp_path / 'Jogging' / f'groundtruth_rect.{number}.txt', boxes_of(5, (number, 9, 8, 7))
        )
    touch_frames(tmp_path / 'Jogging' / 'img', [f'{i:04d}.jpg' for i in range(1, 6)])

    dataset = sot_dataset(tmp_path)

    assert dataset.metainfo['seq_names'] == ('Dog', 'Jogging-1', 'Jogging-2')
    first, second = dataset.metainfo['ground_truths'][1:]
    np.testing.assert_array_equal(second - first, np.tile([1, 0, 0, 0], (5, 1)))
    paths = [dataset.get_img_infos_from_video(index)['img_paths'] for index in (1, 2)]
    assert paths[0] == paths[1]


def test_two_sequences_of_one_name_are_refused(tmp_path: Path) -> None:
    write_boxes(tmp_path / 'Jogging' / 'groundtruth_rect.1.txt', boxes_of(5))
    write_dtb70_sequence(tmp_path, 'Jogging-1', boxes_of(3))

    with pytest.raises(ValueError, match="2 sequences are named 'Jogging-1'"):
        sot_dataset(tmp_path)


def test_header_line_shifts_no_box(root: Path) -> None:
    path = root / 'boat' / 'groundtruth_rect.txt'
    lines = path.read_text().splitlines()
    path.write_text('\n'.join(['init', *lines[1:]]))
    assert "line 1: 'init' is not a box" in sot_dataset(root).metainfo['left_out']['boat']
    path.write_text('\n'.join(['init', *lines]))
    np.testing.assert_array_equal(sot_dataset(root).metainfo['ground_truths'][0], boxes_of(25))


def test_data_sample_has_the_name_of_its_sequence(tmp_path: Path) -> None:
    write_dtb70_sequence(tmp_path, 'car6', boxes_of(8), images=True)
    parts = [('car6_1', 1, 4), ('car6_2', 5, 8)]
    for name, _, _ in parts:
        write_boxes(tmp_path / f'{name}.txt', boxes_of(4))
    sequences = [
        dict(video_path='car6/img', ann_path=f'{n}.txt', start_frame_id=first, end_frame_id=last)
        for n, first, last in parts
    ]
    pipeline = [
        dict(type='mmeatrack.LoadFrame'),
        dict(type='mmtrack.LoadTrackAnnotations', with_instance_id=False),
        dict(type='mmtrack.PackTrackInputs', pack_single_img=True),
    ]

    dataset = sot_dataset(tmp_path, sequences=sequences, pipeline=pipeline)

    assert [dataset[(i, 1)]['data_samples'].seq_name for i in (0, 1)] == ['car6_1', 'car6_2']


def test_wrong_root(root: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'it does not exist.*Set data_root'):
        sot_dataset(root / 'nowhere')
    with pytest.raises(FileNotFoundError, match='no sequence in'):
        sot_dataset(root / 'toolkit')


def test_no_usable_sequence(tmp_path: Path) -> None:
    write_dtb70_sequence(tmp_path, 'car', np.full((3, 4), np.nan))

    with pytest.raises(ValueError, match=r'none of the 1 sequences.*the first is car'):
        sot_dataset(tmp_path)


def test_unknown_arguments_fail_when_built(root: Path) -> None:
    with pytest.raises(ValueError, match="has no data_prefix \\['img'\\]; it has \\['img_path'\\]"):
        sot_dataset(root, data_prefix=dict(img='x'))
    with pytest.raises(ValueError, match="bad_sequences='ignore' is unknown"):
        sot_dataset(root, bad_sequences='ignore')
