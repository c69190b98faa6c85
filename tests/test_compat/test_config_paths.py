"""Paths in configs, in the config's folder, its bases' folders and the package's configs."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from mmeatrack.compat.config_paths import anchor_paths, find_path, package_configs
from tests.forks import ROOT
from tests.toys import build, distill_cfg, mmtrack_scope, teacher_cfg

DISTILL = 'eatrack/eatrack_micro_distill_1xb16-500i_synthetic-uav.py'
TEACHER = 'configs/_base_/models/eatrack_teacher_micro.py'


@pytest.fixture
def away(tmp_path, monkeypatch) -> Path:
    """Empty working directory."""
    folder = tmp_path / 'away'
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def write(path: Path, text: str = '') -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def own(tmp_path) -> Path:
    """Folder of a config, which is not the working directory."""
    return tmp_path / 'own'


def load(folder: Path, text: str) -> Any:
    return Config.fromfile(write(folder / 'config.py', text))


def test_package_configs_are_the_repositorys() -> None:
    assert package_configs() == ROOT / 'configs'
    assert (package_configs() / DISTILL).is_file()


def test_path_of_a_file_next_to_the_config_becomes_absolute(own, away) -> None:
    for name in ('teacher.py', 'weights/teacher.pth', 'list.txt', 'data/car/x.jpg'):
        write(own / name)
    config = load(
        own,
        "load_from = './weights/teacher.pth'\n"
        "model = dict(teacher='teacher.py', teacher_ckpt='weights/teacher.pth', name='list.txt',\n"
        "             architecture=dict(backbone=dict(pretrained='weights/teacher.pth')),\n"
        "             teachers=[dict(config='teacher.py', ckpt='weights/teacher.pth')])\n"
        "custom_hooks = [dict(type='AutoPairHook', student_ckpt='weights/teacher.pth')]\n"
        "data = dict(data_root='data', ann_file='list.txt')\n",
    )
    weights = str(own / 'weights' / 'teacher.pth')
    assert config.model.teacher == str(own / 'teacher.py')
    assert config.model.teacher_ckpt == weights
    assert config.load_from == weights
    assert config.model.architecture.backbone.pretrained == weights
    assert config.model.teachers == [dict(config=str(own / 'teacher.py'), ckpt=weights)]
    assert config.custom_hooks[0].student_ckpt == weights
    assert config.data == dict(data_root=str(own / 'data'), ann_file=str(own / 'list.txt'))
    assert config.model.name == 'list.txt'  # not a path, even if such a file exists


def test_missing_path_is_not_changed(own, away) -> None:
    text = (
        "model = dict(teacher='configs/absent.py', teacher_ckpt=None, pretrained='')\n"
        "urls = dict(ckpt='https://host/a.pth', pretrained='torchvision://resnet50')\n"
        "absolute = dict(ckpt='/absent/a.pth')\n"
    )
    config = load(own, text)
    assert config.model == dict(teacher='configs/absent.py', teacher_ckpt=None, pretrained='')
    assert config.urls == dict(ckpt='https://host/a.pth', pretrained='torchvision://resnet50')
    assert config.absolute == dict(ckpt='/absent/a.pth')


def test_list_in_the_data_folder_comes_before_one_next_to_the_config(tmp_path, own, away) -> None:
    write(own / 'list.txt')
    write(tmp_path / 'data' / 'list.txt')
    text = f"data = dict(data_root={str(tmp_path / 'data')!r}, ann_file='list.txt')\n"
    assert load(own, text).data.ann_file == 'list.txt'


def test_config_folder_comes_before_its_bases_and_these_before_the_working_directory(
    tmp_path, own, away
) -> None:
    base = tmp_path / 'base'
    for folder in (base, own, away):
        write(folder / 'both.pth')
    write(base / 'only_base.pth')
    write(away / 'only_here.pth')
    write(
        base / 'base.py',
        "a = dict(ckpt='both.pth')\nb = dict(ckpt='only_base.pth')\nc = dict(ckpt='only_here.pth')",
    )
    config = load(own, "_base_ = ['../base/base.py']\n")
    assert config.a.ckpt == str(own / 'both.pth')
    assert config.b.ckpt == str(base / 'only_base.pth')
    assert config.c.ckpt == 'only_here.pth'


def test_command_line_options_are_relative_to_the_working_directory(own, away) -> None:
    write(own / 'teacher.pth')
    write(away / 'teacher.pth')
    config = load(own, 'model = dict(teacher_ckpt=None)\n')
    config.merge_from_dict({'model.teacher_ckpt': 'teacher.pth'})
    assert config.model.teacher_ckpt == 'teacher.pth'


def test_pure_python_config(own, away) -> None:
    write(own / 'teacher.pth')
    config = load(
        own,
        'from mmengine.hooks import Hook\n'
        "custom_hooks = [dict(type=Hook, student_ckpt='teacher.pth')]\n",
    )
    assert config.custom_hooks[0]['student_ckpt'] == str(own / 'teacher.pth')


def test_package_configs_are_found_after_the_working_directory(away) -> None:
    for name in (TEACHER, TEACHER[len('configs/') :]):
        assert Path(find_path(name)) == ROOT / TEACHER
    write(away / TEACHER)
    assert find_path(TEACHER) == TEACHER
    assert find_path('configs/absent.py') == 'configs/absent.py'
    assert find_path('https://host/a.pth') == 'https://host/a.pth'


def test_anchoring_is_idempotent(tmp_path) -> None:
    write(tmp_path / 'a.pth')
    config = dict(model=dict(ckpt='a.pth'))
    anchor_paths(config, [tmp_path])
    once = config['model']['ckpt']
    anchor_paths(config, [tmp_path / 'elsewhere', tmp_path])
    assert config['model']['ckpt'] == once == str(tmp_path / 'a.pth')


def test_inherited_distillation_is_built_in_another_folder(away) -> None:
    base = package_configs() / DISTILL
    config = load(away, f'_base_ = {str(base)!r}\n')
    config.model.allow_random_teacher = True
    with mmtrack_scope():
        model = build(config.model)
    assert len(model.teacher.backbone.joint_stage) == 6


def test_custom_teacher_next_to_the_config(own, away) -> None:
    write(own / 'teacher.py', f'model = {teacher_cfg()!r}\n')
    with mmtrack_scope():
        teacher = build(teacher_cfg(), seed=1)
        torch.save(dict(state_dict=teacher.state_dict()), own / 'teacher.pth')
        model = distill_cfg(
            teacher='teacher.py', teacher_ckpt='teacher.pth', allow_random_teacher=False
        )
        built = build(load(own, f'model = {model!r}\n').model, seed=2)
    own_weights = teacher.state_dict()
    assert all(torch.equal(v, own_weights[k]) for k, v in built.teacher.state_dict().items())


def test_config_that_imports_the_package_is_anchored_itself(tmp_path) -> None:
    """The package is imported while the process loads its first config."""
    write(tmp_path / 'a.pth')
    config = write(
        tmp_path / 'config.py',
        "custom_imports = dict(imports=['mmeatrack'], allow_failed_imports=False)\n"
        "load_from = 'a.pth'\n",
    )
    code = (
        'import sys; from mmengine.config import Config\n'
        "assert 'mmeatrack' not in sys.modules\n"
        f'print(Config.fromfile({str(config)!r}).load_from)\n'
    )
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout.splitlines()[-1:] == [str(tmp_path / 'a.pth')], done.stderr
