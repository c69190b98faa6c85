"""mmtrack's MOTChallenge metric with ignored regions and classes."""

import pytest
import torch

from mmeatrack.evaluation.metrics import UAVMOTMetric

CLASSES = ('car', 'bus')


def _instance(number, box, label=0, ignored=0):
    return dict(
        bbox=list(box), bbox_label=label, ignore_flag=ignored, instance_id=number,
        category_id=label + 1, mot_conf=1 - ignored, visibility=1.0,
    )  # fmt: skip


def _found(*tracks):
    boxes = torch.tensor([box for _, box, _ in tracks], dtype=torch.float32).reshape(-1, 4)
    return dict(
        bboxes=boxes,
        scores=torch.ones(len(tracks)),
        labels=torch.tensor([label for *_, label in tracks], dtype=torch.long),
        instances_id=torch.tensor([number for number, *_ in tracks], dtype=torch.long),
    )


def _score(frames, by_class=True, video='v'):
    """Score frames, each given as instances and found tracks."""
    metric = UAVMOTMetric(by_class=by_class)
    metric.dataset_meta = dict(CLASSES=CLASSES)
    for frame, (instances, found) in enumerate(frames):
        path = f'/data/{video}/img1/{frame + 1:06d}.jpg'
        metric.process(
            None,
            [
                dict(
                    frame_id=frame, video_length=len(frames), img_path=path, ori_shape=(100, 120),
                    instances=instances, pred_track_instances=found,
                )
            ],
        )  # fmt: skip
    scores = metric.evaluate(len(frames))
    return {name.split('/')[1]: value for name, value in scores.items()}


CAR, BUS, AWAY = (10, 10, 30, 30), (50, 10, 90, 30), (60, 60, 90, 90)
BOTH = [_instance(1, CAR), _instance(2, BUS, 1)]


@pytest.fixture(autouse=True)
def _quiet(capsys):
    """trackeval prints tables."""


def test_perfect_tracks():
    scores = _score([(BOTH, _found((5, CAR, 0), (6, BUS, 1)))] * 4)
    assert [scores[name] for name in ('HOTA', 'MOTA', 'IDF1')] == [1, 1, 1]
    assert (scores['TP'], scores['FP'], scores['FN'], scores['IDSW']) == (8, 0, 0, 0)


def test_a_track_of_another_class_is_false():
    found = _found((5, CAR, 1), (6, BUS, 1))
    scores = _score([(BOTH, found)] * 4)
    assert (scores['TP'], scores['FP'], scores['FN']) == (4, 4, 4)
    as_one = _score([(BOTH, found)] * 4, by_class=False)
    assert (as_one['TP'], as_one['FP'], as_one['FN']) == (8, 0, 0)


def test_a_switch_of_ids_is_counted():
    frames = [(BOTH, _found((5, CAR, 0), (6, BUS, 1)))] * 2
    frames += [(BOTH, _found((7, CAR, 0), (6, BUS, 1)))] * 2
    scores = _score(frames)
    assert scores['IDSW'] == 1
    assert scores['IDF1'] == pytest.approx(6 / 8)


def test_boxes_in_ignored_regions_count_neither_as_found_nor_as_false():
    # Two regions hold half of the box together.
    regions = [_instance(8, (60, 60, 75, 75), ignored=1), _instance(9, (75, 75, 90, 90), ignored=1)]
    found = _found((5, CAR, 0), (6, AWAY, 0))
    scores = _score([([BOTH[0], *regions], found)] * 4)
    assert (scores['TP'], scores['FP'], scores['FN']) == (4, 0, 0)
    # One of them holds a quarter of it.
    scores = _score([([BOTH[0], regions[0]], found)] * 4)
    assert (scores['TP'], scores['FP']) == (4, 4)
    # A target in a region is not missed either.
    scores = _score([([*BOTH, _instance(9, (40, 0, 100, 50), ignored=1)], found)] * 4)
    assert scores['FN'] == 0


def test_videos_without_targets_or_tracks():
    scores = _score([([], _found((5, CAR, 0))), ([_instance(1, CAR)], _found())])
    assert (scores['TP'], scores['FP'], scores['FN']) == (0, 1, 1)
