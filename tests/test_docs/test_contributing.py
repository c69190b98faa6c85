"""The code blocks of docs/contributing.md do what the page says of them."""

import importlib
import re
import sys
from pathlib import Path
from typing import Any, Dict, Iterator

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import Registry

from mmeatrack.models import EATrack, EATrackDistill, TargetMask
from mmeatrack.registry import DATASETS, MODELS
from tests.test_datasets.trees import boxes_of, write_boxes, write_frames
from tests.toys import build, follow, mmtrack_scope, search_sample, video

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / 'docs/contributing.md').read_text(encoding='utf-8')
REGISTRIES = (MODELS, DATASETS)


def blocks_of(section: str) -> Dict[str, str]:
    """Python blocks under a heading, by the file that their first line names."""
    text = re.split(r'^## ', PAGE, flags=re.M)
    found = next(part for part in text if part.startswith(f'{section}\n'))
    blocks = re.findall(r'^```python\n(.*?)^```', found, flags=re.M | re.S)
    names = [re.match(r'# (\w+\.py)\n', block) for block in blocks]
    return {m[1] if m else f'block_{i}.py': b for i, (m, b) in enumerate(zip(names, blocks))}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's folder, whose modules can be imported; what they register goes again."""
    before = [dict(registry._module_dict) for registry in REGISTRIES]
    modules = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with mmtrack_scope():
        yield tmp_path
    for name in set(sys.modules) - modules:
        if name.startswith(('my_', 'block_')):
            del sys.modules[name]
    for registry, entries in zip(REGISTRIES, before):
        _restore(registry, entries)


def _restore(registry: Registry, entries: Dict[str, Any]) -> None:
    registry._module_dict.clear()
    registry._module_dict.update(entries)


def write(folder: Path, section: str) -> None:
    """Write a section's files; the configs' bases are named from the repository's root."""
    for name, block in blocks_of(section).items():
        (folder / name).write_text(block.replace("_base_ = '", f"_base_ = '{ROOT}/"))


def distillation(config: str, **kwargs: Any) -> Any:
    cfg = Config.fromfile(config)
    return build(dict(cfg.model.to_dict(), **kwargs)).train()


def micro_batch() -> tuple:
    """Two samples with the crops of the micro models."""
    generator = torch.Generator().manual_seed(0)
    inputs = dict(
        img=torch.randn(2, 2, 3, 48, 48, generator=generator),
        search_img=torch.randn(2, 1, 3, 96, 96, generator=generator),
    )
    return inputs, [search_sample((20, 24, 52, 60)), search_sample((30, 30, 66, 50))]


def test_each_kind_of_part_has_its_blocks() -> None:
    sections = ['Add a loss', 'Add a backbone', 'Add a teacher', 'Add a benchmark']
    assert [len(blocks_of(section)) for section in sections] == [2, 2, 2, 2]


def test_loss(folder: Path) -> None:
    write(folder, 'Add a loss')
    model = distillation('my_distillation.py', allow_random_teacher=True)
    seen: list = []
    for layer in (model.student.backbone.joint_stage[1], model.teacher.backbone.joint_stage[5]):
        layer.register_forward_hook(lambda module, given, output: seen.append(output.detach()))
    inputs, samples = micro_batch()
    losses = model(inputs, samples, mode='loss')
    distilled = {name for name in losses if name.startswith('distill')}
    assert distilled == {'distill.loss_cosine', 'distill.loss_mgd', 'distill.loss_pred'}
    y, x = (tokens[:, -144:].double().numpy() for tokens in seen)  # the teacher runs first
    cosine = (x * y).sum(-1) / np.linalg.norm(x, axis=-1) / np.linalg.norm(y, axis=-1)
    mask = TargetMask('hard')(model.student.search_boxes(samples), (12, 12)).flatten(1).numpy()
    expected = 2 * (mask * (1 - cosine)).sum() / mask.sum()
    assert losses['distill.loss_cosine'].item() == pytest.approx(expected, rel=1e-4)
    assert losses['distill.loss_mgd'].item() > 0


def test_backbone(folder: Path) -> None:
    write(folder, 'Add a backbone')
    model = distillation('my_student.py', allow_random_teacher=True)
    assert isinstance(model.student, EATrack)
    losses = model(*micro_batch(), mode='loss')
    assert {'distill.loss_feat_2_4', 'distill.loss_feat_3_5'} <= set(losses)
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    assert model.student.backbone.blocks[0].linear1.weight.grad.abs().max() > 0
    rows = follow(model.student.eval(), video(3))
    assert torch.isfinite(rows).all()


def test_table_of_a_backbones_members() -> None:
    from mmeatrack.models.backbones import NumberedBackbone, TrackerBackbone

    names = set(re.findall(r'`(\w+)(?:\(.*?\))?`(?=[^|\n]*\|[^|\n]*\|\n)', PAGE))
    members = {
        name
        for contract in (TrackerBackbone, NumberedBackbone)
        for name in [*contract.__annotations__, *vars(contract)]
        if not name.startswith('_')
    }
    assert members <= names


def test_teacher(folder: Path) -> None:
    write(folder, 'Add a teacher')
    teacher = build(Config.fromfile('my_teacher.py').model.to_dict(), seed=3)
    torch.save(dict(state_dict=teacher.state_dict()), 'my_teacher.pth')
    model = distillation('my_distilled_student.py')
    assert isinstance(model, EATrackDistill)
    theirs = teacher.state_dict()
    assert all(torch.equal(v, theirs[k]) for k, v in model.teacher.state_dict().items())
    assert {k: tuple(v.shape) for k, v in model.distiller.named_parameters() if 'weight' in k} == {
        'connectors.adapter_2_6.linear.func.weight': (96, 64),
        'connectors.adapter_3_7.linear.func.weight': (96, 64),
    }
    assert not [key for key in model.state_dict() if key.startswith('teacher.')]
    losses = model(*micro_batch(), mode='loss')
    assert {'distill.loss_feat_2_6', 'distill.loss_feat_3_7'} <= set(losses)


def test_benchmark(folder: Path) -> None:
    write(folder, 'Add a benchmark')
    for name in ('boat', 'pier'):
        write_frames(folder / 'data/harbour/frames' / name, 3)
        write_boxes(folder / f'data/harbour/boxes/{name}.txt', boxes_of(3))
    (source,) = [name for name, block in blocks_of('Add a benchmark').items() if 'class' in block]
    (config,) = [name for name, block in blocks_of('Add a benchmark').items() if '_base_' in block]
    importlib.import_module(source[: -len('.py')])
    cfg = Config.fromfile(config)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    assert list(dataset.metainfo['seq_names']) == ['boat', 'pier']
    assert len(dataset) == 6
    frames = dataset.metainfo['ground_truths'][1]
    np.testing.assert_allclose(frames, boxes_of(3))
