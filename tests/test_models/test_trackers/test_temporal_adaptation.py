"""The Target Store within the tracker, in mmtrack's predict flow."""

from types import SimpleNamespace
from typing import Any, List

import mmtrack.models.sot.base as sot_base
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmtrack.apis import inference_sot

from tests.toys import FIRST_BOX, TOKENS, build, follow, frame_sample, tracker_cfg, video

# A store that admits every frame, and one that admits none, as no score reaches 1.
EAGER = dict(type='mmeatrack.TargetStore', threshold=0.0, interval=2, capacity=3)
EMPTY = dict(EAGER, threshold=1.0)


def tracker_with(temporal: Any, **kwargs: Any) -> Any:
    return build(tracker_cfg(temporal=temporal, **kwargs)).eval()


@pytest.mark.parametrize('fusion', ['concat', 'blend'])
def test_adaptation_changes_the_results(fusion: str) -> None:
    """Otherwise the equality tests below would prove nothing."""
    frames = video(8)
    plain = follow(tracker_with(None), frames)
    adapted = follow(tracker_with(dict(EAGER, fusion=fusion)), frames)
    # The first activation ends frame 2: it is seen from frame 3 on.
    assert torch.equal(adapted[:3], plain[:3])
    assert not torch.equal(adapted[3:], plain[3:])


@pytest.mark.parametrize('fusion', ['concat', 'blend'])
def test_empty_store_is_bit_equal_to_none(fusion: str) -> None:
    frames = video(12)
    tracker = tracker_with(dict(EMPTY, fusion=fusion))
    assert torch.equal(follow(tracker, frames), follow(tracker_with(None), frames))
    assert tracker.state.store.statistics.offered == 11
    assert tracker.state.store.entries == []


def test_tokens_in_use() -> None:
    tracker = tracker_with(dict(EAGER, num_samples=2))
    follow(tracker, video(3))
    assert tracker.state.temporal.shape == (1, TOKENS, 16)
    assert tracker.state.active_template is tracker.state.template
    follow(tracker, video(9))
    assert tracker.state.temporal.shape == (1, 2 * TOKENS, 16)
    entries = tracker.state.store.entries
    assert torch.equal(tracker.state.temporal[0], torch.cat([e.tokens for e in entries[-2:]]))
    assert [entry.frame for entry in entries] == sorted(entry.frame for entry in entries)


def test_filled_slot_holds_the_template_until_a_view_is_stored() -> None:
    """The joint stage sees the template twice; an empty store changes no bit."""
    frames, filled = video(8), dict(fill_slot=True)
    alone = tracker_with(None, test_cfg=filled)
    doubled = follow(alone, frames)
    assert alone.state.temporal is alone.state.template
    assert not torch.equal(doubled[1:], follow(tracker_with(None), frames)[1:])
    assert torch.equal(follow(tracker_with(EMPTY, test_cfg=filled), frames), doubled)
    adapted = tracker_with(EAGER, test_cfg=filled)
    # The first view ends frame 2: it is seen from frame 3 on.
    found = follow(adapted, frames)
    assert torch.equal(found[:3], doubled[:3])
    assert not torch.equal(found[3:], doubled[3:])
    assert torch.equal(adapted.state.temporal[0], adapted.state.store.entries[-1].tokens)


def test_filled_slot_holds_the_blended_template() -> None:
    tracker = tracker_with(dict(EAGER, fusion='blend'), test_cfg=dict(fill_slot=True))
    follow(tracker, video(4))
    assert tracker.state.temporal is tracker.state.active_template
    assert not torch.equal(tracker.state.temporal, tracker.state.template)


@pytest.mark.parametrize('fusion', ['concat', 'blend'])
def test_original_template_is_kept(fusion: str) -> None:
    frames = video(12)
    tracker = tracker_with(dict(EAGER, fusion=fusion, blend_weight=0.9))
    follow(tracker, frames[:1])
    first = tracker.state.template.clone()
    for i in range(1, 12):
        follow(tracker, frames[i : i + 1], first_frame=i)
        assert torch.equal(tracker.state.template, first)
    assert tracker.state.store.statistics.activations == 5


def test_blended_template_does_not_accumulate() -> None:
    """The tokens in use are blended from the original and the last view only."""
    tracker = tracker_with(dict(EAGER, fusion='blend', blend_weight=0.5))
    follow(tracker, video(9))
    state = tracker.state
    assert state.store.statistics.activations == 4
    expected = (state.template[0] + state.store.entries[-1].tokens) / 2
    torch.testing.assert_close(state.active_template[0], expected)


def test_stored_view_is_the_template_crop_of_its_frame() -> None:
    frames = video(3)
    tracker = tracker_with(dict(EAGER, interval=1))
    rows = follow(tracker, frames[:2])
    entry = tracker.state.store.entries[0]
    x1, y1, x2, y2 = rows[1, :4].tolist()
    assert entry.box == pytest.approx(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1))
    assert entry.score == pytest.approx(rows[1, 4].item())
    with torch.no_grad():
        expected = tracker.encode_template(frames[1], entry.box)
    assert torch.equal(entry.tokens, expected[0])


@pytest.mark.parametrize('fusion', ['concat', 'blend'])
def test_results_do_not_depend_on_the_video_before(fusion: str) -> None:
    first, second = video(9, seed=1), video(9, seed=2)
    tracker = tracker_with(dict(EAGER, fusion=fusion))
    alone = follow(tracker, second)
    assert tracker.state.store.statistics.stored == 4
    store = tracker.state.store
    follow(tracker, first)
    assert torch.equal(follow(tracker, second), alone)
    assert tracker.state.store is not store
    assert tracker.state.store.statistics.stored == 4


def test_switching_takes_effect_at_the_next_video() -> None:
    frames, tracker = video(6), tracker_with(None)
    plain = follow(tracker, frames[:3])
    tracker.set_temporal(EAGER)
    middle = follow(tracker, frames[3:], first_frame=3)
    assert tracker.state.store is None
    assert torch.equal(torch.cat((plain, middle)), follow(tracker_with(None), frames))
    adapted = follow(tracker, frames)
    assert torch.equal(adapted, follow(tracker_with(EAGER), frames))


# VOT


def test_vot_starts_again_with_a_new_store(monkeypatch) -> None:
    """A failure at frame 4: 5 to 8 are skipped, 9 starts again."""
    overlaps = iter([0.5, 0.5, 0.5, 0.0, 0.5, 0.5])
    monkeypatch.setattr(sot_base, 'bbox2region', lambda box: box)
    monkeypatch.setattr(
        sot_base, 'calculate_region_overlap', lambda *args, **kwargs: next(overlaps)
    )
    frames = video(12)
    tracker = tracker_with(EAGER, test_cfg=dict(test_mode='VOT'))
    stores: List[Any] = []
    results: List[torch.Tensor] = []
    with torch.no_grad():
        for i, frame in enumerate(frames):
            sample = frame_sample(i, FIRST_BOX, len(frames))
            result = tracker(dict(img=frame[None]), [sample], mode='predict')[0]
            results.append(result.pred_track_instances.bboxes.flatten().tolist())
            stores.append(tracker.state.store)
            if i == 4:
                assert tracker.state.temporal is not None
            if i == 9:
                assert tracker.state.frame == 0
                assert tracker.state.temporal is None
                assert tracker.state.store.entries == []
    assert [results[i] for i in (0, 4, 5, 8, 9)] == [[1.0], [2.0], [0.0], [0.0], [1.0]]
    assert all(store is stores[0] for store in stores[:9])
    assert all(store is stores[9] is not stores[0] for store in stores[9:])
    # After the start at frame 9 all is as in a video that begins there.
    alone = follow(tracker_with(EAGER), frames[9:])
    expected = [row[:4].tolist() for row in alone[1:]]
    assert results[10:] == expected


# inference_sot, which has no hooks


def test_inference_sot_uses_the_store_of_the_model_config() -> None:
    tracker = tracker_with(EAGER)
    tracker.cfg = Config(
        dict(
            test_dataloader=dict(
                dataset=dict(
                    pipeline=[
                        dict(type='LoadImageFromFile'),
                        dict(type='LoadTrackAnnotations'),
                        dict(type='PackTrackInputs', pack_single_img=True),
                    ]
                )
            )
        )
    )
    box = np.array([FIRST_BOX])

    def infer(frames: List[torch.Tensor]) -> List[list]:
        rows = []
        for i, frame in enumerate(frames):
            image = frame[0].permute(1, 2, 0).numpy()
            found = inference_sot(tracker, image, box, i).pred_track_instances
            rows.append([*found.bboxes[0].tolist(), *found.scores.tolist()])
        return rows

    first, second = video(7, seed=1), video(7, seed=2)
    alone = infer(second)
    assert tracker.state.store.statistics.stored == 3
    infer(first)
    assert infer(second) == alone  # bit-equal, whatever came before
    assert follow(tracker_with(EAGER), second).tolist() == alone
    assert follow(tracker_with(None), second).tolist() != alone


def test_one_candidate_is_encoded_per_interval() -> None:
    """The store encodes one template crop per interval, however many frames are confident."""
    tracker = tracker_with(dict(EAGER, interval=4))
    calls = SimpleNamespace(count=0)
    encode = tracker.backbone.forward_template

    def counted(crop: torch.Tensor) -> torch.Tensor:
        calls.count += 1
        return encode(crop)

    tracker.backbone.forward_template = counted
    follow(tracker, video(13))
    assert calls.count == 1 + 3
