import csv
from pathlib import Path
from typing import Any

import pytest
from mmengine.runner import save_checkpoint

from tests.scripts import load_script
from tests.test_training import toy_parts  # noqa: F401  registers ToyCrops
from tests.toys import build, mmtrack_scope, teacher_cfg, tracker_cfg

pytestmark = pytest.mark.slow

LOADER = dict(
    batch_size=4,
    num_workers=0,
    dataset=dict(type='ToyCrops'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
)


@pytest.fixture(scope='module')
def similarity() -> Any:
    return load_script('similarity')


@pytest.fixture
def arguments(tmp_path) -> Any:
    """Configs and checkpoints of a toy student and teacher."""
    paths = []
    with mmtrack_scope():
        for name, cfg in (('student', tracker_cfg()), ('teacher', teacher_cfg())):
            config, checkpoint = tmp_path / f'{name}.py', tmp_path / f'{name}.pth'
            config.write_text(f'model = {cfg!r}\ntrain_dataloader = {LOADER!r}\n')
            weights = build(cfg, seed=len(name)).state_dict()
            save_checkpoint(dict(state_dict=weights, meta={}), str(checkpoint))
            paths += [str(config), str(checkpoint)]
        yield [*paths, '--out', str(tmp_path / 'out')]


def test_table_picture_and_csv(similarity, arguments, tmp_path, capsys) -> None:
    extra = ['--baseline', arguments[1], '--batches', '9', '--pairs', '2:2', '3:3']
    assert similarity.main([*arguments, *extra]) == 0
    assert (tmp_path / 'out' / 'similarity.png').stat().st_size > 1000
    with (tmp_path / 'out' / 'similarity.csv').open(newline='') as file:
        table = list(csv.DictReader(file))
    assert [(row['student'], row['student_layer'], row['teacher_layer']) for row in table] == [
        ('baseline', '2', '2'),
        ('baseline', '3', '3'),
        ('student', '2', '2'),
        ('student', '3', '3'),
    ]
    assert [row['inside'] for row in table[:2]] == [row['inside'] for row in table[2:]]
    printed = capsys.readouterr()
    assert f'{float(table[3]["inside"]):6.3f}' in printed.out
    assert '2/2' in printed.err  # eight samples are two batches, of nine at most


def test_foreign_files_and_inputs_are_not_replaced(similarity, arguments, tmp_path, capsys) -> None:
    table = tmp_path / 'out' / 'similarity.csv'
    table.parent.mkdir()
    table.write_text('mine')
    assert similarity.main([*arguments, '--batches', '1']) == 1
    assert 'similarity.csv: there already, and not written by similarity.py' in (
        capsys.readouterr().err
    )
    assert table.read_text() == 'mine'
    config = tmp_path / 'out' / 'similarity.png'  # a config of that name is an input
    config.write_text(Path(arguments[0]).read_text())
    assert similarity.main([str(config), *arguments[1:], '--overwrite']) == 1
    assert 'similarity.png is an input and would be overwritten' in capsys.readouterr().err
    config.unlink()
    assert similarity.main([*arguments, '--batches', '1', '--pairs', '2:2', '--overwrite']) == 0
    assert table.read_text().startswith('student,student_layer')


@pytest.mark.parametrize(
    ('extra', 'expected'),
    [
        (['--pairs', '2:9'], 'there is no layer 9'),
        (['--baseline', 'absent.pth'], 'absent.pth: no such checkpoint'),
    ],
)
def test_errors_are_one_line(similarity, arguments, capsys, extra, expected: str) -> None:
    assert similarity.main([*arguments, *extra]) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith('error: ')
    assert expected in error


def test_weights_of_another_model_are_refused(similarity, arguments, capsys) -> None:
    assert similarity.main([*arguments, '--baseline', arguments[3]]) == 1
    assert 'of another model' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('extra', 'expected'),
    [
        (['--pairs', '2-3'], "'2-3': write STUDENT:TEACHER"),
        (['--batches', '0'], "'0' is not a whole number of at least 1"),
    ],
)
def test_malformed_option_is_refused(similarity, arguments, capsys, extra, expected) -> None:
    with pytest.raises(SystemExit):
        similarity.main([*arguments, *extra])
    assert expected in capsys.readouterr().err
