import hashlib
from pathlib import Path

import pytest
import yaml

from mmeatrack.conversion import publish
from tests.scripts import load_script
from tests.toys import build, tracker_cfg

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def main():
    return load_script('model_zoo').main


@pytest.mark.slow
def test_every_config_is_listed_and_loads(main, capsys) -> None:
    assert main(['--check']) == 0, capsys.readouterr().err
    texts = [path.read_text() for path in (ROOT / 'configs' / 'eatrack').glob('*.py')]
    count = sum('_deprecation_' not in text for text in texts)  # without former names
    assert capsys.readouterr().out == f'{count} models, 0 problems\n'


def test_table_shows_what_was_trained(main, capsys) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    (row,) = [line for line in lines if 'eatrack_deit-tiny_distill_4xb32' in line]
    assert 'never trained' in row


@pytest.fixture
def zoo(tmp_path):
    """A folder with one config and its published weights."""
    (tmp_path / 'configs' / 'toy').mkdir(parents=True)
    (tmp_path / 'configs' / 'toy' / 'a.py').write_text(f'model = {tracker_cfg()!r}\n')
    weights = publish(
        tracker_cfg(), build(tracker_cfg()).state_dict(), {}, tmp_path / 'a.safetensors'
    )
    model = dict(
        Name='a',
        Config='configs/toy/a.py',
        Metadata=dict(Data='none', Trained='no'),
        Weights=weights.name,
        SHA256=hashlib.sha256(weights.read_bytes()).hexdigest(),
    )
    return tmp_path, model


def write(root: Path, models: list) -> list:
    (root / 'model-index.yml').write_text('Import: [configs/toy/metafile.yml]')
    (root / 'configs' / 'toy' / 'metafile.yml').write_text(yaml.safe_dump(dict(Models=models)))
    return ['--check', '--root', str(root)]


def test_valid_weights(main, zoo, capsys) -> None:
    root, model = zoo
    assert main(write(root, [model])) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(SHA256='0' * 64), 'its SHA-256 is'),
        (dict(Weights='b.safetensors'), 'b.safetensors: no such file'),
        (dict(Config='configs/toy/b.py'), 'configs/toy/b.py: no such file'),
    ],
)
def test_wrong_entries_are_named(main, zoo, capsys, change: dict, message: str) -> None:
    root, model = zoo
    assert main(write(root, [dict(model, **change)])) == 1
    assert message in capsys.readouterr().err


def test_two_models_with_one_hash_are_named(main, zoo, capsys) -> None:
    root, model = zoo
    assert main(write(root, [model, dict(model, Name='b')])) == 1
    assert 'two models have weights with this SHA-256' in capsys.readouterr().err


def test_config_that_is_not_listed_or_does_not_load(main, zoo, capsys) -> None:
    root, model = zoo
    (root / 'configs' / 'toy' / 'b.py').write_text('model = dict(\n')
    assert main(write(root, [model])) == 1
    assert 'configs/toy/b.py: not listed' in capsys.readouterr().err
    broken = dict(Name='b', Config='configs/toy/b.py', Metadata=model['Metadata'])
    assert main(write(root, [model, broken])) == 1
    assert 'configs/toy/b.py: does not load' in capsys.readouterr().err
