from pathlib import Path
from typing import List, Optional

import torch

from mmeatrack.engine.store_log import StoreLog, read_store_log, write_store_log
from mmeatrack.tracking import LostDetector, TargetStore, TrackerState

TRUTH = [10.0, 10.0, 30.0, 30.0]


def follow(log: StoreLog, boxes: List[tuple], scores: List[float], truths: List[Optional[list]]):
    """Follow a tracker with a store of interval 2 on given boxes."""
    store = TargetStore(threshold=0.5, interval=2, capacity=1)
    template = torch.zeros(1, 4, 2)
    detector = LostDetector(lost_below=0.2, found_above=0.5, patience=1)
    box, token = boxes[0], torch.zeros(2)
    state = TrackerState(template, box, (99, 99), box, box, template, token, detector, store=store)
    for frame, (box, score, truth) in enumerate(zip(boxes, scores, truths), start=1):
        state.frame = frame
        if not detector.update(score):
            store.offer(frame, score, box, lambda: template)
        if store.due(frame, score):
            store.read(template)
        log.follow(state, truth)


def test_counts_by_hand(tmp_path: Path) -> None:
    log = StoreLog()
    on, off = (20.0, 20.0, 20.0, 20.0), (40.0, 20.0, 20.0, 20.0)
    log.start('car1')
    # Stored: frame 1 (on target), frame 4 (off target), frame 6 (truth unknown); 7 and 8 are lost.
    boxes = [on, on, off, off, on, off, on, on]
    scores = [0.9, 0.6, 0.7, 0.8, 0.4, 0.9, 0.1, 0.1]
    truths = [TRUTH, TRUTH, TRUTH, TRUTH, TRUTH, None, TRUTH, TRUTH]
    follow(log, boxes, scores, truths)
    log.finish()
    log.start('car2')
    follow(log, [on, on], [0.9, 0.9], [[float('nan')] * 4] * 2)  # absent: any view is wrong
    log.finish()
    first, second = log.videos
    assert (first.frames, first.offered, first.confident) == (8, 6, 5)
    assert (first.admitted, first.contaminated, first.activations) == (3, 1, 4)
    assert (first.frames_lost, first.times_lost, first.times_found) == (2, 1, 0)
    assert (second.admitted, second.contaminated) == (1, 1)
    write_store_log(log.videos, tmp_path / 'log.csv')
    assert read_store_log(tmp_path / 'log.csv') == log.videos
