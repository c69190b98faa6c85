import itertools
import time
from typing import Any, Iterator, List

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from lab.costs import growth
from lab.costs.report import BenchmarkReport
from lab.costs.speed import clock_of, matmul_rate, noise_video, time_networks, track_videos
from lab.costs.speed_report import add_table, entries, plot_speed
from lab.costs.speed_trackers import Contestant, network_tasks
from mmeatrack.deploy import TrackedFrame
from tests.toys import build, tracker_cfg


def follower(boxes: np.ndarray, calls: list, name: str) -> Contestant:
    def run(frames: List[np.ndarray], box: Any) -> Iterator[Any]:
        assert tuple(box) == tuple(noise_video(1, 120, 160).boxes[0])
        for i in range(len(frames)):
            calls.append((i, name))
            yield TrackedFrame(tuple(boxes[i]), 1.0, False)

    return Contestant(name, run, network=lambda: calls.append(name))


def test_trackers_are_interleaved_frame_by_frame(tmp_path) -> None:
    video, calls = noise_video(8, 120, 160), []
    right = follower(video.boxes, calls, 'right')
    wrong = follower(video.boxes + 1000, calls, 'wrong')
    random = follower(video.boxes, [], 'random')._replace(trained=False)
    ticks = itertools.count().__next__  # every reading is a second later
    found = track_videos([right, wrong, random], [video], True, ticks, lambda: None)
    assert [frame for frame, _ in calls] == [i // 2 for i in range(16)]
    assert {name for _, name in calls[:2]} == {'right', 'wrong'}
    assert found['right'].success == pytest.approx(20 / 21)
    assert found['wrong'].success == pytest.approx(20 / 21 / 8)  # the given box
    assert found['random'].success is None
    assert found['right'].seconds.tolist() == [1, 1, 1, 1]

    networks = time_networks([right, wrong], 5, ticks, lambda: None)
    assert networks['network']['right'].tolist() == [1] * 5
    assert 'template' not in networks
    numbers = entries([right, wrong], networks, found, 1e9, {'right': 3 * 2**20})
    report = BenchmarkReport('Speed')
    add_table(report, numbers)
    (row,) = [line for line in str(report).splitlines() if line.startswith('| right')]
    cells = [cell.strip() for cell in row.strip('|').split('|')]
    assert (cells[1], cells[8], cells[10]) == ('-', '3', '95.2')
    assert numbers['right']['peak_bytes'] == 3 * 2**20
    for name in ('wrong', 'right'):  # a plot of some trackers with success, and of none
        numbers[name]['success'] = None
        plot_speed(numbers, tmp_path / 'speed.png')
        picture = cv2.imread(str(tmp_path / 'speed.png'))
        assert picture.shape[1] > 400
        assert picture.std() > 10


def test_one_thread_is_measured_in_processor_time() -> None:
    assert clock_of('cpu', 1) is time.process_time
    assert clock_of('cpu', 2) is clock_of('cuda:0', 1) is time.perf_counter


def test_network_tasks_and_rate() -> None:
    tracker = build(tracker_cfg()).eval()
    for task in network_tasks(tracker, 'cpu'):
        task()
    assert tracker.state is None
    ticks = itertools.count().__next__
    assert matmul_rate('cpu', ticks, side=64, rounds=2) == 2 * 64**3


def test_growth_of_a_toy(monkeypatch) -> None:
    monkeypatch.setattr(growth, 'SIZES', {'small': (120, 160), 'large': (240, 320)})
    tracker = build(tracker_cfg()).eval()
    steps = [dict(type='A'), dict(type='B'), dict(type='PackTrackInputs')]
    tracker.cfg = Config(dict(test_dataloader=dict(dataset=dict(pipeline=steps))))
    length = growth.time_length(tracker, 20, itertools.count().__next__, lambda: None)
    report = BenchmarkReport('Growth')
    growth.report_growth(report, growth.time_sizes(tracker, 3), length)
    text = str(report)
    assert all(cell in text for cell in ('| small', '| large', '| median ms', '| resident MiB'))
    assert length.seconds.tolist() == [1] * 20
    assert len(length.resident) == 10
    assert 'frame of the last tenth / frame of the second' in text
    assert 'memory after the last tenth / after the second' in text
