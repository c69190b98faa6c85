import json
from pathlib import Path
from typing import Any, Iterable, Iterator, Optional, Sequence

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub

from mmeatrack.evaluation import ope_scores
from mmeatrack.evaluation.metrics import UAVSOTMetric
from mmeatrack.evaluation.run_folder import RunFolder
from mmeatrack.files.box_text import read_boxes

NUM_FRAMES = 5


def truth(offset: float = 0) -> np.ndarray:
    boxes = np.tile([10.1, 20.2, 30.3, 40.4], (NUM_FRAMES, 1))
    boxes[:, 0] += offset + np.arange(NUM_FRAMES)
    return boxes


def corners(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def frames(
    video_id: int, boxes: np.ndarray, network: Optional[float] = None, folder: str = 'bird1'
) -> Iterator[dict]:
    """Data samples as the evaluator hands them to a metric."""
    for i, box in enumerate(corners(boxes)):
        predicted = dict(
            bboxes=torch.tensor(box[None], dtype=torch.float32), scores=torch.tensor([0.5])
        )
        if network is not None and i > 0:
            predicted['network_seconds'] = torch.tensor([network])
        yield dict(
            frame_id=i,
            video_id=video_id,
            video_length=len(boxes),
            img_path=f'data/{folder}/img/{i:05d}.jpg',
            instances=[dict(bbox=corners(truth())[i])],
            pred_track_instances=predicted,
        )


def make_metric(names: Sequence[str] = ('bird1_1', 'bird1_2'), **kwargs: Any) -> UAVSOTMetric:
    metric = UAVSOTMetric(**kwargs)
    metric.dataset_meta = dict(
        seq_names=tuple(names),
        ground_truths=tuple(truth() for _ in names),
        attributes=tuple(['SV'] for _ in names),
        left_out={'bird1_3': 'bird1_3.txt: the file is empty'},
    )
    return metric


def track(metric: UAVSOTMetric, *videos: Iterable[dict]) -> dict:
    for video in videos:
        for sample in video:
            metric.process(None, [sample])
    return metric.evaluate(size=0)


def test_sequence_has_the_name_of_its_samples(tmp_path: Path) -> None:
    metric = make_metric((), result_dir=str(tmp_path), tracker_name='T')
    del metric.dataset_meta['seq_names']
    parts = [
        [dict(sample, seq_name=name) for sample in frames(i, truth(), folder='car6')]
        for i, name in enumerate(('car6_1', 'car6_2'))
    ]

    track(metric, *parts, frames(2, truth(), folder='car6'))

    written = sorted(path.stem for path in (tmp_path / 'T').glob('car6*.txt'))
    assert [name for name in written if not name.endswith(('score', 'time'))] == [
        'car6-0002', 'car6_1', 'car6_2'
    ]  # fmt: skip


def test_scores_are_those_of_the_written_boxes(tmp_path: Path) -> None:
    metric = make_metric(result_dir=str(tmp_path), tracker_name='T')

    metrics = track(metric, frames(0, truth()), frames(1, truth(offset=7.123456)))

    folder = tmp_path / 'T'
    written = {name: read_boxes(folder / f'{name}.txt') for name in ('bird1_1', 'bird1_2')}
    np.testing.assert_allclose(written['bird1_2'], truth(7.123456), atol=1e-4)
    expected = ope_scores(written, {name: truth() for name in written})
    for key in ('success_auc', 'precision20', 'norm_precision'):
        assert metrics[f'uav/{key}'] == round(100 * getattr(expected, key), 2)
    assert metrics['uav/num_sequences'] == 2
    assert (folder / 'bird1_1_score.txt').read_text() == '0.500000\n' * NUM_FRAMES


def test_report_states_policy_speed_machine_and_left_out_sequences(tmp_path: Path) -> None:
    metric = make_metric(result_dir=str(tmp_path), tracker_name='T', absent='exclude')

    metrics = track(metric, frames(0, truth(), network=0.004), frames(1, truth(), network=0.005))

    report = json.loads((tmp_path / 'T_report.json').read_text())['T']
    assert (report['absent'], report['valid_boxes']) == ('exclude', 'sized')
    assert report['left_out'] == {'bird1_3': 'bird1_3.txt: the file is empty'}
    assert report['per_attribute']['SV']['num_sequences'] == 2
    assert report['speed']['network_fps'] == pytest.approx(8 / 0.036)
    assert report['per_sequence']['bird1_1']['network_fps'] == pytest.approx(250)
    assert report['per_sequence']['bird1_2']['fps'] > 0
    assert metrics['uav/network_fps'] == pytest.approx(222.22)
    assert report['speed']['threads'] == torch.get_num_threads()
    assert report['speed']['torch'] == torch.__version__
    assert report['speed']['precision'] == 'float32'
    assert report['speed']['cpu']


def test_each_sequence_is_written_when_it_ends(tmp_path: Path) -> None:
    metric = make_metric(result_dir=str(tmp_path), tracker_name='T')
    video = list(frames(0, truth()))

    for sample in video[:-1]:
        metric.process(None, [sample])
    assert not (tmp_path / 'T').exists()
    metric.process(None, [video[-1]])

    assert (tmp_path / 'T' / 'bird1_1.txt').is_file()


def test_finished_sequences_are_taken_over(tmp_path: Path) -> None:
    whole = make_metric(result_dir=str(tmp_path / 'whole'), tracker_name='T')
    expected = track(whole, frames(0, truth(3)), frames(1, truth(5)))
    first = make_metric(result_dir=str(tmp_path), tracker_name='T')
    for sample in frames(0, truth(3)):
        first.process(None, [sample])

    second = make_metric(result_dir=str(tmp_path), tracker_name='T')
    assert second.resume() == ['bird1_1']
    metrics = track(second, frames(1, truth(5)))

    for key in ('success_auc', 'precision20', 'norm_precision', 'num_sequences'):
        assert metrics[f'uav/{key}'] == expected[f'uav/{key}']


def test_nothing_is_written_without_a_folder(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)

    track(make_metric(), frames(0, truth()))

    assert list(tmp_path.iterdir()) == []


def test_ground_truth_of_other_datasets_comes_with_each_frame(tmp_path: Path) -> None:
    metric = UAVSOTMetric(result_dir=str(tmp_path), tracker_name='T')
    metric.dataset_meta = dict(CLASSES=None)

    metrics = track(metric, frames(0, truth()), frames(1, truth(100)))

    assert metrics['uav/precision20'] == 50 + 10  # one frame of five is given
    assert RunFolder(tmp_path / 'T').read('bird1-0001', NUM_FRAMES) is not None


@pytest.mark.parametrize('hooked', [False, True])
def test_benchmarks_with_equal_sequence_names_are_kept_apart(tmp_path: Path, hooked: bool) -> None:
    for benchmark, offset in (('UAV123', 0), ('UAV123@10fps', 7)):
        metric = make_metric(result_dir=str(tmp_path), tracker_name='T')
        metric.dataset_meta['benchmark'] = benchmark
        if hooked:
            metric.run_folder.claim(dict(checkpoint='a'))  # as BenchmarkRunHook does
            assert metric.resume() == []
        track(metric, frames(0, truth(offset)), frames(1, truth(offset)))

    for benchmark, offset in (('UAV123', 0), ('UAV123@10fps', 7)):
        boxes = read_boxes(tmp_path / 'T' / benchmark / 'bird1_1.txt')
        np.testing.assert_allclose(boxes, truth(offset), atol=1e-4)
        report = json.loads((tmp_path / 'T' / f'{benchmark}_report.json').read_text())
        assert report['T']['precision20'] == 1


def test_a_second_run_without_the_hook_overwrites_nothing(tmp_path: Path) -> None:
    for offset in (0, 7):
        track(make_metric(result_dir=str(tmp_path), tracker_name='T'), frames(0, truth(offset)))

    np.testing.assert_allclose(read_boxes(tmp_path / 'T.old-1' / 'bird1_1.txt'), truth(), atol=1e-4)
    np.testing.assert_allclose(read_boxes(tmp_path / 'T' / 'bird1_1.txt'), truth(7), atol=1e-4)
    assert (tmp_path / 'T.old-1_report.json').is_file()


def test_validations_of_one_training_write_the_same_files(tmp_path: Path) -> None:
    metric = make_metric(result_dir=str(tmp_path), tracker_name='T')
    for offset in (0, 7):
        track(metric, frames(0, truth(offset)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ['T', 'T_report.json']
    np.testing.assert_allclose(read_boxes(tmp_path / 'T' / 'bird1_1.txt'), truth(7), atol=1e-4)


def test_two_metrics_of_one_run_share_its_folder(tmp_path: Path) -> None:
    metrics = [
        make_metric(result_dir=str(tmp_path), tracker_name='T', absent=absent)
        for absent in ('miss', 'hit')
    ]
    for sample in frames(0, truth()):
        for metric in metrics:
            metric.process(None, [sample])
    for metric in metrics:
        assert metric.evaluate(size=0)['uav/precision20'] == 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ['T', 'T_report.json']


STARK = "model = dict(\n    backbone=dict(type='mmdet.ResNet'), type='Stark')\nwork_dir = 'a'\n"
STUDENT = (
    "model = dict(type='mmeatrack.EATrackDistill', architecture=dict(type='mmeatrack.EATrack'))"
)


@pytest.mark.parametrize(
    ('cfg', 'name'),
    [
        (STARK, 'Stark'),
        (STUDENT, 'EATrack'),
        ("model = dict(type='mmtrack.models.sot.siamrpn.SiamRPN')", 'SiamRPN'),
        ('model = <object at 0x7f>', 'tracker'),
        ('a = 1', 'tracker'),
        ('', 'tracker'),
    ],
)
def test_tracker_is_named_after_the_model(tmp_path: Path, cfg: str, name: str) -> None:
    hub = MessageHub.get_instance(f'test-{name}-{len(cfg)}')
    hub.update_info('cfg', cfg)
    track(make_metric(result_dir=str(tmp_path)), frames(0, truth()))
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, f'{name}_report.json']
    assert list(json.loads((tmp_path / f'{name}_report.json').read_text())) == [name]


@pytest.mark.parametrize(('given', 'name'), [(2024, '2024'), (1.5, '1.5'), ('2024', '2024')])
def test_numeric_names_become_text(tmp_path: Path, given: Any, name: str) -> None:
    metric = make_metric(result_dir=tmp_path, tracker_name=given)
    track(metric, frames(0, truth()))
    assert (tmp_path / name / 'bird1_1.txt').is_file()
    assert UAVSOTMetric(result_dir=given).result_dir == name


@pytest.mark.parametrize('value', [True, ['a', 'b'], dict(a=1), b'a'])
@pytest.mark.parametrize('option', ['tracker_name', 'result_dir'])
def test_names_of_other_types_are_refused(option: str, value: Any) -> None:
    with pytest.raises(TypeError, match=rf'{option}=.* is a {type(value).__name__}, but has to be'):
        UAVSOTMetric(**{option: value})


def test_frames_out_of_order_are_refused() -> None:
    metric = make_metric()
    first, second, third, *_ = frames(0, truth())
    metric.process(None, [first])

    with pytest.raises(RuntimeError, match=r'frame 2 of video 0 came out of order.*VideoSampler'):
        metric.process(None, [third])
    with pytest.raises(RuntimeError, match='came out of order'):
        make_metric().process(None, [second])


def test_names_must_be_unique(tmp_path: Path) -> None:
    metric = make_metric(names=('bird1', 'bird1'))

    with pytest.raises(ValueError, match=r"several sequences are named \['bird1'\]"):
        track(metric, frames(0, truth()), frames(1, truth()))


def test_nothing_tracked() -> None:
    with pytest.raises(ValueError, match='no sequence was tracked to its end'):
        make_metric().evaluate(size=0)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(absent='skip'), "absent='skip' is unknown"),
        (dict(valid_boxes='any'), "valid_boxes='any' is unknown"),
        (dict(tracker_name='a/b'), "tracker_name='a/b' must be usable as a folder name"),
        (dict(tracker_name=''), "tracker_name='' must be"),
        (dict(tracker_name='..'), "tracker_name='..' must be"),
    ],
)
def test_wrong_arguments_fail_when_built(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UAVSOTMetric(**arguments)
