"""The full-size configs train on the four datasets in their layouts on disk."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import DATASETS
from mmengine.runner import Runner

from tests.test_training.training_trees import write_training_trees
from tests.toys import mmtrack_scope

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / 'configs' / 'eatrack').glob('*_got10k-lasot-trackingnet-coco.py'))
SETS = {'GOT10k', 'LaSOT_full', 'TrackingNet', 'coco'}


class RecordHook(Hook):
    """Records the datasets of the steps' frames, and the losses."""

    def __init__(self) -> None:
        self.sets: list = []
        self.losses: list = []

    def after_train_iter(
        self, runner: Runner, data_batch: dict, outputs: dict, **kwargs: Any
    ) -> None:
        self.sets += [set_of(sample, self.root) for sample in data_batch['data_samples']]
        self.losses.append(outputs)

    def before_train(self, runner: Runner) -> None:
        self.root = runner.cfg.root
        self.before = torch.cat([p.detach().flatten() for p in trained(runner)]).clone()


def set_of(sample: Any, root: Path) -> str:
    """Folder of the dataset of a sample's search frame."""
    path = sample.search_img_path
    return Path(path if isinstance(path, str) else path[0]).relative_to(root).parts[0]


def trained(runner: Runner) -> list:
    return [p for p in runner.model.parameters() if p.requires_grad]


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_training_trees(tmp_path_factory.mktemp('data'))


def roots(root: Path) -> dict:
    key = 'train_dataloader.dataset.datasets.{}.data_root'
    return {key.format(i): f'{root}/' for i in range(4)}


def test_each_dataset_is_read(root: Path) -> None:
    cfg = Config.fromfile(str(CONFIGS[0]))
    cfg.merge_from_dict(roots(root))
    with mmtrack_scope():
        built = DATASETS.build(cfg.train_dataloader.dataset)
        samples = [each[1] for each in built.datasets]
    assert {set_of(sample['data_samples'], root) for sample in samples} == SETS
    for sample in samples:
        crops = {key: (value.dtype, *value.shape) for key, value in sample['inputs'].items()}
        byte = torch.uint8
        assert crops == dict(img=(byte, 2, 3, 128, 128), search_img=(byte, 1, 3, 256, 256))
    assert cfg.train_dataloader.pin_memory


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem.partition('_got10k')[0])
def test_two_steps_on_the_four_datasets(
    path: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    cfg = Config.fromfile(str(path))
    options = {
        'train_dataloader.batch_size': 1,
        'train_dataloader.num_workers': 0,
        'train_dataloader.persistent_workers': False,
        'train_dataloader.sampler.samples_per_epoch': 2,
        'train_cfg': dict(type='EpochBasedTrainLoop', max_epochs=1),
        'optim_wrapper.dtype': 'float32',  # bfloat16 is emulated on many CPUs
        **roots(root),
        **dict.fromkeys(
            f'{part}_{kind}'
            for part in ('val', 'test')
            for kind in ('cfg', 'dataloader', 'evaluator')
        ),
        'default_hooks.checkpoint': None,
        'custom_hooks': [],
        'log_level': 'WARNING',
    }
    cfg.merge_from_dict(options)
    cfg.train_cfg = options['train_cfg']
    if 'distill' in path.stem:
        cfg.model.allow_random_teacher = True
    cfg.update(work_dir=str(tmp_path), root=str(root), experiment_name=path.stem)
    record = RecordHook()
    with mmtrack_scope():
        runner = Runner.from_cfg(cfg)
        runner.register_hook(record)
        runner.train()
    assert (len(record.losses), len(record.sets)) == (2, 2)
    assert set(record.sets) <= SETS
    values = [float(value) for losses in record.losses for value in losses.values()]
    assert all(map(torch.isfinite, torch.tensor(values)))
    after = torch.cat([p.detach().flatten() for p in trained(runner)])
    assert torch.isfinite(after).all()
    assert float((after != record.before).float().mean()) > 0.9
