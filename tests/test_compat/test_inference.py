from types import ModuleType, SimpleNamespace
from typing import Any

import mmtrack.apis
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmtrack.apis import inference_sot

from mmeatrack.compat.inference import only_packs, pack_frame, pack_without_copies
from tests.toys import build, mmtrack_scope, tracker_cfg, video

LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadTrackAnnotations')]
PACK = dict(type='mmtrack.PackTrackInputs', pack_single_img=True)


@pytest.mark.parametrize(
    ('steps', 'expected'),
    [([PACK], True), ([dict(type=type('PackTrackInputs', (), {}))], True), ([PACK, PACK], False)],
)
def test_pipelines_that_only_pack(steps: list, expected: bool) -> None:
    assert only_packs([*LOAD, *steps]) == expected
    assert not only_packs([*LOAD, dict(type='Resize'), *steps])


def test_packed_frame_is_the_frame_itself() -> None:
    frame = np.zeros((4, 5, 3), np.uint8)
    batch = pack_frame(frame, [1, 2, 3, 4], 7)
    frame[1, 2, 0] = 9
    assert batch['inputs']['img'].shape == (1, 1, 3, 4, 5)
    assert batch['inputs']['img'][0, 0, 0, 1, 2] == 9
    (sample,) = batch['data_samples']
    assert (sample.frame_id, sample.ori_shape) == (7, (4, 5))
    assert sample.gt_instances.bboxes.tolist() == [1, 2, 3, 4]


def test_inference_sot_equals_mmtracks_own(monkeypatch) -> None:
    monkeypatch.setattr(mmtrack.apis, 'inference_sot', inference_sot)
    tracker = build(tracker_cfg()).eval()
    tracker.cfg = Config(dict(test_dataloader=dict(dataset=dict(pipeline=[*LOAD, PACK]))))
    frames = [frame[0].permute(1, 2, 0).numpy() for frame in video(3)]
    box = np.array([70, 50, 90, 70])

    def follow(infer: Any) -> torch.Tensor:
        found = [infer(tracker, frame, box, i) for i, frame in enumerate(frames)]
        return torch.cat([each.pred_track_instances.bboxes for each in found])

    module = ModuleType('mmtrack.apis.inference')
    module.inference_sot = own = getattr(inference_sot, '__wrapped__', inference_sot)
    pack_without_copies(module)
    with mmtrack_scope():
        torch.testing.assert_close(follow(module.inference_sot), follow(own))
    assert mmtrack.apis.inference_sot is module.inference_sot


def test_other_models_and_frames_are_left_to_mmtrack() -> None:
    calls: list = []
    module = ModuleType('some.module')
    module.inference_sot = lambda *args: calls.append(args)
    pack_without_copies(module)
    pipeline = SimpleNamespace(pipeline=[*LOAD, PACK])
    cfg = SimpleNamespace(test_dataloader=SimpleNamespace(dataset=pipeline))
    other = SimpleNamespace(data_preprocessor=torch.nn.Identity(), cfg=cfg)
    ours = SimpleNamespace(data_preprocessor=build(tracker_cfg()).data_preprocessor, cfg=cfg)
    frame = np.zeros((4, 5, 3), np.uint8)
    module.inference_sot(other, frame, [0, 0, 2, 2], 0)
    module.inference_sot(ours, frame.astype(np.float32), [0, 0, 2, 2], 0)
    assert len(calls) == 2
