"""Every part is found by its scoped name from any default scope, after one custom import."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.registry import DefaultScope, Registry

from mmeatrack import registry

PARTS = {
    'MODELS': [
        'EATrack',
        'AsymmetricViT',
        'CenterHead',
        'EATrackDistill',
        'EATrackDistiller',
        'TargetFeatureLoss',
        'TargetPredictionLoss',
        'TargetStore',
    ],
    'HOOKS': ['TemporalAdaptationHook', 'StudentExportHook', 'SOTVisualizationHook'],
    'VISUALIZERS': ['SOTLocalVisualizer'],
    'METRICS': ['UAVSOTMetric'],
    'DATASETS': [
        'DTB70Dataset',
        'UAVDTDataset',
        'VisDroneSOTDataset',
        'UAV123Dataset',
        'UAV123At10fpsDataset',
        'SyntheticUAVDataset',
    ],
}


@pytest.mark.parametrize(
    ('kind', 'name'), [(kind, name) for kind, names in PARTS.items() for name in names]
)
def test_a_part_is_found_from_mmtracks_scope(kind: str, name: str) -> None:
    root: Registry = getattr(registry, kind).parent
    DefaultScope.get_instance(f'test-{kind}-{name}', scope_name='mmtrack')
    with root.switch_scope_and_registry('mmtrack') as current:
        assert current.scope == 'mmtrack'
        found = current.get(f'mmeatrack.{name}')
    assert found.__name__ == name
    assert found.__module__.startswith('mmeatrack.')


def test_unknown_argument_is_named_with_the_valid_ones() -> None:
    cfg = dict(type='mmeatrack.LostDetector', patience=2, patients=3)
    with pytest.raises(
        TypeError,
        match=r"LostDetector takes no \['patients'\]; it takes \['lost_below', .*'patience",
    ):
        registry.MODELS.build(cfg)


@pytest.mark.parametrize('kind', registry.__all__)
def test_registries_are_children_of_mmengines(kind: str) -> None:
    ours: Registry = getattr(registry, kind)
    assert ours.scope == 'mmeatrack'
    assert ours.parent is not None
    assert ours.parent.scope == 'mmengine'
    assert ours.parent.children['mmeatrack'] is ours


@pytest.mark.slow
def test_one_custom_import_is_enough(tmp_path: Path) -> None:
    config = tmp_path / 'config.py'
    config.write_text(
        "default_scope = 'mmtrack'\n"
        "custom_imports = dict(imports=['mmeatrack'], allow_failed_imports=False)\n"
    )
    code = (
        'import sys\n'
        'from mmengine.config import Config\n'
        f'Config.fromfile({str(config)!r})\n'
        "assert not {'mmtrack', 'mmrazor', 'mmdet'} & set(sys.modules)\n"
        'from mmengine.registry import MODELS\n'
        "print(MODELS.get('mmeatrack.EATrack').__module__)\n"
    )
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith('mmeatrack.models')


def test_importing_the_package_imports_no_library() -> None:
    code = (
        'import sys, mmeatrack\n'
        "heavy = {'torch', 'numpy', 'mmengine', 'mmcv', 'mmtrack', 'mmrazor'}\n"
        'print(sorted(heavy & set(sys.modules)))\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout == '[]\n'


@pytest.mark.parametrize('kind', [kind for kind in registry.__all__ if kind != 'TASK_UTILS'])
def test_all_parts_are_public_in_their_locations(kind: str) -> None:
    """Each registered class is exported by a location of the registry, and found from the root.

    MMRazor's recorders and connectors, which are task utils, belong to the distillers.
    """
    ours: Registry = getattr(registry, kind)
    modules = [importlib.import_module(name) for name in ours._locations]
    assert ours.module_dict, kind
    for name, part in ours.module_dict.items():
        assert ours.parent is not None
        assert ours.parent.get(f'mmeatrack.{name}') is part
    public = {name for module in modules for name in getattr(module, '__all__', dir(module))}
    hidden = [
        name
        for name, part in ours.module_dict.items()
        if part.__module__.startswith('mmeatrack.') and name not in public
    ]
    assert hidden == []
