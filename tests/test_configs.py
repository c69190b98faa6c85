"""Every config is built as far as possible without data, and its numbers are consistent."""

import copy
import inspect
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterator

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.optim import AmpOptimWrapper, build_optim_wrapper
from mmengine.registry import DATA_SAMPLERS, DATASETS, HOOKS, METRICS, PARAM_SCHEDULERS
from mmengine.runner import Runner

from mmeatrack.datasets.pairs import CropForm
from mmeatrack.models import EATrack, EATrackDistill, EATrackMOT
from mmeatrack.registry import MODELS
from tests.toys import mmtrack_scope

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / 'configs').rglob('*.py'))
CONFIGS = {str(path.relative_to(ROOT / 'configs')): Config.fromfile(str(path)) for path in FILES}


def having(*keys: str) -> Any:
    """Parametrise by the configs with all of these keys."""
    found = {name: cfg for name, cfg in CONFIGS.items() if all(key in cfg for key in keys)}
    assert found
    return pytest.mark.parametrize('cfg', list(found.values()), ids=list(found))


@pytest.fixture(autouse=True)
def _mmtrack_scope(monkeypatch) -> Iterator[None]:
    # Paths of teachers' configs are relative to the repository's root.
    monkeypatch.chdir(ROOT)
    with mmtrack_scope():
        yield


@lru_cache(maxsize=None)
def built(name: str) -> Any:
    """Model of a config, shared by the tests, which do not change it."""
    cfg = CONFIGS[name]
    random_teacher = dict(allow_random_teacher=True) if distils(cfg) else {}
    return MODELS.build(dict(cfg.model.to_dict(), **random_teacher))


def model_of(cfg: Config) -> Any:
    return built(str(Path(cfg.filename).relative_to(ROOT / 'configs')))


def distils(cfg: Config) -> bool:
    return cfg.model.type in ('mmeatrack.EATrackDistill', 'mmeatrack.MultiTeacherDistill')


def tracker_of(model: Any) -> EATrack:
    if isinstance(model, EATrackMOT):
        return model.tracker
    return model.student if isinstance(model, EATrackDistill) else model


def makes_pairs(loader: dict) -> bool:
    """True for a loader of batches of pairs, without a pipeline."""
    return loader['dataset'].get('type') == 'mmeatrack.MixedPairs'


def datasets_of(loader: dict) -> list:
    return list(loader['dataset'].get('datasets', [loader['dataset']]))


def test_there_are_configs_of_each_kind() -> None:
    folders = {Path(name).parent.as_posix() for name in CONFIGS}
    assert {'_base_', '_base_/models', '_base_/datasets', '_base_/schedules', 'eatrack'} <= folders


# Arguments of MMEngine's Runner, and further names that it and Config look up.
READ_NAMES = {*inspect.signature(Runner.__init__).parameters, 'custom_imports'} | {
    'find_unused_parameters'
}


def is_small(cfg: Config) -> bool:
    """True for a config of a shipped student or of their teacher."""
    return 'nano' in cfg.filename or 'pico' in cfg.filename


@pytest.mark.parametrize('cfg', list(CONFIGS.values()), ids=list(CONFIGS))
def test_every_name_is_read(cfg: Config) -> None:
    """Helper variables would stay in the config, where setting them in a child has no effect."""
    assert set(cfg) - READ_NAMES == set()


@pytest.mark.parametrize(
    'parent',
    [
        'eatrack_deit-tiny_distill_4xb32-300e_got10k-lasot-trackingnet-coco.py',
        'eatrack_micro_distill_1xb16-500i_synthetic-uav.py',
    ],
)
def test_child_of_a_distillation_changes_teacher_and_distiller(tmp_path: Path, parent: str) -> None:
    """As shown in the header of the config."""
    (tmp_path / 'child.py').write_text(
        f"_base_ = '{ROOT / 'configs/eatrack' / parent}'\n"
        "model = dict(teacher='other.py', teacher_ckpt='other.pth',\n"
        '             distiller=dict(layer_pairs=[(3, 23)], feature_weight=2.0))\n'
    )
    model = Config.fromfile(str(tmp_path / 'child.py')).model
    assert (model.teacher, model.teacher_ckpt) == ('other.py', 'other.pth')
    built = MODELS.build(model.distiller)
    assert built.layer_pairs == ((3, 23),)
    assert built.distill_losses['loss_feat_3_23'].loss_weight == 2.0
    assert built.distill_losses['loss_pred'].support == 'target'  # as in the parent


@having('test_dataloader')
def test_data_root_can_be_set_in_a_child(tmp_path: Path, cfg: Config) -> None:
    (tmp_path / 'child.py').write_text(
        f"_base_ = '{cfg.filename}'\ntest_dataloader = dict(dataset=dict(data_root='elsewhere'))\n"
    )
    child = Config.fromfile(str(tmp_path / 'child.py'))
    assert child.test_dataloader.dataset.data_root == 'elsewhere'


@having('model')
def test_model_is_built_after_one_custom_import(cfg: Config) -> None:
    assert cfg.custom_imports == dict(imports=['mmeatrack'], allow_failed_imports=False)
    assert isinstance(model_of(cfg), (EATrack, EATrackDistill, EATrackMOT))


@having('model')
def test_distillation_needs_a_teacher_checkpoint(cfg: Config) -> None:
    """No config has a teacher's checkpoint, and without one no teacher passes for trained."""
    if not distils(cfg):
        assert 'teacher_ckpt' not in cfg.model
        return
    with pytest.raises(ValueError, match='teacher_ckpt is missing'):
        MODELS.build(cfg.model)


def test_checkpoints_of_two_teachers_are_cfg_options(tmp_path: Path) -> None:
    cfg = copy.deepcopy(
        CONFIGS['eatrack/eatrack_micro_distill-two-teachers_1xb16-500i_synthetic-uav.py']
    )
    trained = []
    for index in range(2):
        path = tmp_path / f'{index}.pth'
        teacher = MODELS.build(Config.fromfile(cfg.model.teachers[index].config).model)
        torch.save(dict(state_dict=teacher.state_dict()), path)
        cfg.merge_from_dict({f'model.teachers.{index}.ckpt': str(path)})
        trained.append(teacher.head.score_branch[-1].weight)
    teachers = MODELS.build(cfg.model).teachers
    assert not torch.equal(*trained)
    for expected, teacher in zip(trained, teachers):
        assert torch.equal(expected, teacher.head.score_branch[-1].weight)


@having('model', 'optim_wrapper', 'param_scheduler')
def test_optimizer_and_schedule_are_built(cfg: Config) -> None:
    """Norms, biases and positions only decay in short schedules."""
    model = model_of(cfg)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    schedulers = cfg.param_scheduler
    for scheduler in schedulers if isinstance(schedulers, list) else [schedulers]:
        PARAM_SCHEDULERS.build(scheduler, default_args=dict(optimizer=wrapper))
    is_mixed = isinstance(wrapper, AmpOptimWrapper)
    assert is_mixed or '300e' not in cfg.filename
    if is_mixed:
        assert wrapper.cast_dtype is torch.bfloat16
        assert not wrapper.loss_scaler.is_enabled()
    settings = {
        id(p): (group.get('initial_lr', group['lr']), group['weight_decay'])
        for group in wrapper.param_groups
        for p in group['params']
    }
    is_micro = 'micro' in cfg.filename
    for name, parameter in tracker_of(model).named_parameters():
        if is_small(cfg):
            lr, decay = 8e-4 if '1xb16' in cfg.filename else 1.5e-3, 1e-2
        else:
            lr, decay = 1e-3 if is_micro else 4e-5 if 'backbone' in name else 4e-4, 1e-4
        is_weight = parameter.ndim > 1 and not name.endswith('pos_embed')
        decays = is_weight or is_micro or is_small(cfg)
        assert settings[id(parameter)] == (pytest.approx(lr), decay if decays else 0), name


def test_decay_of_the_full_schedule_is_small() -> None:
    """AdamW shrinks a weight by lr * decay at each step, whatever its gradient."""
    cfg = CONFIGS['eatrack/eatrack_deit-tiny_4xb32-300e_got10k-lasot-trackingnet-coco.py']
    optimizer, (drop,) = cfg.optim_wrapper.optimizer, cfg.param_scheduler.milestones
    steps = cfg.train_dataloader.sampler.samples_per_epoch / 128
    rates = drop + (cfg.train_cfg.max_epochs - drop) * cfg.param_scheduler.gamma
    shrinkage = steps * rates * optimizer.lr * optimizer.weight_decay
    assert 100 * shrinkage == pytest.approx(0.46, abs=0.01)


@having('custom_hooks')
def test_custom_hooks_are_built(cfg: Config) -> None:
    for hook in cfg.custom_hooks:
        built = HOOKS.build(hook)
        if hook['type'] == 'mmeatrack.TemporalAdaptationHook':
            MODELS.build(built.store)


@pytest.mark.parametrize('kind', ['train', 'val', 'test'])
def test_datasets_are_built_without_their_data(kind: str) -> None:
    built = 0
    for cfg in CONFIGS.values():
        loader = cfg.get(f'{kind}_dataloader')
        if loader is None or makes_pairs(loader):
            continue
        assert DATA_SAMPLERS.get(f'mmtrack.{loader.sampler.type}') is not None
        for dataset in datasets_of(loader):
            Compose(dataset.pipeline)
            if 'type' not in dataset:  # common settings of test sets
                continue
            DATASETS.build(dict(dataset, lazy_init=True))
            built += 1
    assert built


@having('test_dataloader')
def test_test_run_is_frame_by_frame_and_scored_by_a_policy(cfg: Config) -> None:
    assert cfg.test_dataloader.batch_size == 1
    assert cfg.test_dataloader.sampler.type == 'VideoSampler'
    assert cfg.test_dataloader.dataset.test_mode is True
    METRICS.build(cfg.test_evaluator)
    many = cfg.test_evaluator.type == 'mmeatrack.UAVMOTMetric'
    policies = (None,) if many else ('miss', 'hit', 'exclude')
    assert cfg.test_evaluator.get('absent') in policies
    assert cfg.val_evaluator == cfg.test_evaluator


@having('model', 'train_dataloader')
def test_crops_of_data_and_model_agree(cfg: Config) -> None:
    tracker = tracker_of(model_of(cfg))
    backbone, test = tracker.backbone, tracker.test_cfg
    if makes_pairs(cfg.train_dataloader):
        for each in cfg.train_dataloader.dataset.sets:
            form = CropForm(**each.get('crops', {}))
            sizes = (backbone.template_size, backbone.search_size)
            assert (form.template_size, form.search_size) == sizes
            factors = (test['template_factor'], test['search_factor'])
            assert (form.template_factor, form.search_factor) == factors
        return
    steps = datasets_of(cfg.train_dataloader)[0]['pipeline']
    kinds = ('mmeatrack.SeqCrop', 'SeqCropLikeStark')
    crops = next(step for step in steps if step.type in kinds)
    sides = [backbone.template_size, backbone.template_size, backbone.search_size]
    factors = [test['template_factor'], test['template_factor'], test['search_factor']]
    assert list(crops['output_size']) == sides
    assert list(crops['crop_size_factor']) == factors
    jitter = next(step for step in steps if step.type == 'SeqBboxJitter')
    assert list(jitter['crop_size_factor']) == factors
    stride = next(step.stride for step in steps if step.type == 'CheckPadMaskValidity')
    assert stride * backbone.search_grid == backbone.search_size


@having('model', 'train_dataloader', 'train_cfg')
def test_file_names_hold_batch_and_schedule(cfg: Config) -> None:
    """..._4xb32-300e_...: the batch of a device, and the epochs, iterations or minutes."""
    match = re.search(r'_\d+xb(\d+)-(\d+)([eim])_', Path(cfg.filename).name)
    if match is None:
        assert 'test' in cfg.filename or 'temporal' in cfg.filename
        return
    batch, length, unit = int(match[1]), int(match[2]), match[3]
    assert cfg.train_dataloader.batch_size == batch
    if unit == 'm':
        assert cfg.custom_hooks[0].minutes == length
        return
    assert cfg.train_cfg['max_epochs' if unit == 'e' else 'max_iters'] == length


@having('param_scheduler', 'train_cfg')
def test_schedule_ends_with_the_training(cfg: Config) -> None:
    """A cosine ends with it; steps of the learning rate come before its end."""
    schedulers = cfg.param_scheduler
    for scheduler in schedulers if isinstance(schedulers, list) else [schedulers]:
        if scheduler.type == 'CosineAnnealingLR':
            assert scheduler.end == cfg.train_cfg.max_iters
        for milestone in scheduler.get('milestones', []):
            assert milestone < cfg.train_cfg.max_epochs


@having('model')
def test_file_names_hold_the_model(cfg: Config) -> None:
    name, model = Path(cfg.filename).name, model_of(cfg)
    assert isinstance(model, EATrackDistill) == ('distill' in name)
    backbone = tracker_of(model).backbone
    # DeiT-tiny and ViT-tiny, not YOLOX-tiny
    widths = {
        'it-tiny': 192,
        'vit-small': 384,
        'vit-base': 768,
        'micro': 64,
        'nano': 96,
        'pico': 96,
    }
    assert backbone.embed_dims == next(width for size, width in widths.items() if size in name)
    assert (len(backbone.separate_stage) == 0) == ('eatrack_teacher' in name)


@pytest.mark.parametrize(
    ('name', 'depths'), [('eatrack_deit-tiny', (6, 2)), ('eatrack_teacher_deit-tiny', (0, 12))]
)
def test_depths_match_the_paper(name: str, depths: tuple) -> None:
    backbone = built(f'_base_/models/{name}.py').backbone
    assert (len(backbone.separate_stage), len(backbone.joint_stage)) == depths
    assert (backbone.template_size, backbone.search_size) == (128, 256)


def test_former_name_of_a_config_warns_and_gives_the_same() -> None:
    folder = ROOT / 'configs' / 'eatrack'
    former, current = (
        f'eatrack_micro_temporal-{views}-views_synthetic-uav-near.py'
        for views in ('true', 'oracle')
    )
    with pytest.warns(DeprecationWarning, match=current):
        cfg = Config.fromfile(str(folder / former))
    assert cfg.to_dict() == Config.fromfile(str(folder / current)).to_dict()
