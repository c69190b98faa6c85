import runpy
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from lab.costs.size_report import Macs, SizeReport, size_report
from mmeatrack.registry import MODELS
from tests.toys import build, tracker_cfg

ROOT = Path(__file__).parents[3]
STUDENT = ROOT / 'configs/_base_/models/eatrack_deit-tiny.py'

C = 192
LAYER = (
    (C * 3 * C + 3 * C)  # query, key, value
    + (C * C + C)  # projection
    + (C * 4 * C + 4 * C)  # perceptron, first layer
    + (4 * C * C + C)  # perceptron, second layer
    + 2 * 2 * C  # two norms
)
PATCH_EMBED = 3 * 16 * 16 * C + C
POSITIONS = (64 + 256) * C
# One branch of the head: 3x3 convolutions with bias, each followed by a batch norm.
WIDTHS = (C, 256, 128, 64, 32)
BRANCH = sum(9 * i * o + o + 2 * o for i, o in zip(WIDTHS, WIDTHS[1:]))
HEAD = 3 * BRANCH + (32 * 1 + 1) + 2 * (32 * 2 + 2)

MACS_PER_TOKEN = 12 * C * C  # 3 C^2 + C^2 + 4 C^2 + 4 C^2
MACS_PATCHES = 3 * 16 * 16 * C  # a token
MACS_HEAD = 256 * (3 * sum(9 * i * o for i, o in zip(WIDTHS, WIDTHS[1:])) + 32 * (1 + 2 + 2))


@pytest.fixture(scope='module')
def report() -> SizeReport:
    return size_report(MODELS.build(Config.fromfile(str(STUDENT)).model))


def test_parameters_match_the_paper(report: SizeReport) -> None:
    assert report.parameters == 8 * LAYER + PATCH_EMBED + POSITIONS + 2 * C + HEAD == 6_261_189
    assert report.position_embeddings == POSITIONS == 61_440
    # The paper's 6.26 M and 6.20 M.
    assert round(report.parameters / 1e6, 2) == 6.26
    assert round((report.parameters - report.position_embeddings) / 1e6, 2) == 6.20


def test_multiply_adds_match_the_paper(report: SizeReport) -> None:
    assert report.tokens == (64, 64, 256)
    assert report.template.layers == 64 * (MACS_PATCHES + 6 * MACS_PER_TOKEN)
    assert report.search.layers == (
        256 * (MACS_PATCHES + 6 * MACS_PER_TOKEN) + 384 * 2 * MACS_PER_TOKEN + MACS_HEAD
    )
    assert report.total.layers == pytest.approx(1.87e9, rel=0.01)


def test_attention_matmuls_are_counted_separately(report: SizeReport) -> None:
    def matmuls(tokens: int) -> int:
        return 2 * tokens * tokens * C

    assert report.template.attention == 6 * matmuls(64)
    assert report.search.attention == 6 * matmuls(256) + 2 * matmuls(384)


def test_without_a_temporal_slot() -> None:
    tracker = build(tracker_cfg(1, 2))
    without, with_two = size_report(tracker, 0), size_report(tracker, 2)
    assert without.tokens == (4, 0, 16)
    assert with_two.tokens == (4, 8, 16)
    extra = with_two.search.layers - without.search.layers
    assert extra == 8 * 2 * 12 * 16 * 16  # 8 more tokens in 2 joint layers of 16 channels
    assert with_two.template == without.template


def test_counting_does_not_change_the_model() -> None:
    tracker = build(tracker_cfg())
    tracker.train()
    before = {key: value.clone() for key, value in tracker.state_dict().items()}
    size_report(tracker)
    assert tracker.training
    assert all(module.training for module in tracker.modules())
    assert not any(module._forward_hooks for module in tracker.modules())
    after = tracker.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items())


def test_multiply_adds_add_up() -> None:
    assert Macs(5, 7) - Macs(1, 2) * 3 + Macs(10, 20) == Macs(12, 21)


def test_tool_prints_the_table(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, 'argv', ['model_size.py', str(STUDENT)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / 'tools/model_size.py'), run_name='__main__')
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ['parameters', '6.261', 'M']
    assert lines[1].split() == ['without', 'position', 'embeddings', '6.200', 'M']
    assert lines[2].endswith('64 template + 64 temporal + 256 search tokens')
    assert lines[-1].split() == ['both', '1.873', '2.147']
