"""Folders of exports: metadata, and refusal of changed or incomplete ones."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Callable

import pytest

from mmeatrack.deploy import DeployedTracker, ExportedTracker, read_export
from mmeatrack.deploy.folder import METADATA, split_export
from mmeatrack.export import export_tracker
from tests.test_deploy.toy_tracker import Exported


def test_commas_of_an_existing_folder_are_part_of_its_name(tmp_path: Path) -> None:
    folder = tmp_path / 'nano,1'
    folder.mkdir()
    for options in ([], ['openvino'], ['openvino', 'bf16']):
        assert split_export(','.join([str(folder), *options])) == [str(folder), *options]
    assert split_export('no,where') == ['no,where']


@pytest.fixture
def copy(exported: Exported, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported.folder, tmp_path / 'copy'))


def edit(**values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / METADATA
        path.write_text(json.dumps(dict(json.loads(path.read_text()), **values)))

    return change


def test_metadata_hold_what_the_tracker_needs(exported: Exported) -> None:
    found = read_export(exported.folder)
    assert (found.name, found.template_size, found.search_size) == ('toy', 16, 32)
    assert found.test_cfg == exported.tracker.test_cfg
    assert found.store is not None
    assert (found.store['interval'], found.store['capacity']) == (3, 5)
    assert found.confidence == dict(weights=[1, 0.2, 2, 0.5, -3], bias=-1.0)
    assert found.lost_detector == dict(lost_below=0.0, found_above=0.5, patience=3)
    assert found.normalisation['order'] == 'RGB'
    assert found.versions['opset'] == '17'


def test_settings_of_another_version_are_refused_with_the_remedy(copy: Path) -> None:
    found = read_export(copy)
    dataclasses.replace(found, test_cfg=dict(found.test_cfg, haste=1)).write(copy)
    with pytest.raises(ValueError, match=r"unknown keys \['haste'\].*Export it again: tools"):
        read_export(copy)


@pytest.mark.slow
def test_int8_graph_of_an_earlier_export_is_removed(exported: Exported, copy: Path) -> None:
    for name in ('int8.onnx', 'other.onnx'):
        (copy / name).write_bytes(b'x')
    export_tracker(exported.tracker, copy, 'toy')
    assert sorted(read_export(copy).sha256) == ['template.onnx', 'track.onnx']
    with pytest.raises(FileNotFoundError, match=r'holds no int8\.onnx: export with'):
        DeployedTracker(copy, precision='int8')
    assert (copy / 'other.onnx').is_file()


@pytest.mark.parametrize(
    ('spoil', 'error', 'message'),
    [
        (lambda f: shutil.rmtree(f), FileNotFoundError, 'no exported tracker found here'),
        (lambda f: (f / METADATA).unlink(), FileNotFoundError, 'no exported tracker found here'),
        (lambda f: (f / 'track.onnx').unlink(), FileNotFoundError, 'track.onnx: the exported'),
        (lambda f: (f / 'template.onnx').write_bytes(b'x'), ValueError, 'its hash differs'),
        (lambda f: (f / METADATA).write_text('{'), ValueError, 'is damaged'),
        (lambda f: (f / METADATA).write_text('[1]'), ValueError, 'is of format None'),
        (edit(format=2), ValueError, 'is of format 2, this version of mmeatrack reads format 1'),
        (edit(search_size=64), ValueError, 'was changed since the export'),
        (edit(more=1), ValueError, 'was changed since the export'),
    ],
)
def test_invalid_exports_are_refused(
    copy: Path, spoil: Callable[[Path], None], error: type, message: str
) -> None:
    spoil(copy)
    with pytest.raises(error, match=message):
        read_export(copy)


def test_int8_must_have_been_exported(copy: Path) -> None:
    (copy / 'int8.onnx').unlink(missing_ok=True)
    metadata = json.loads((copy / METADATA).read_text())
    del metadata['metadata_sha256']
    ExportedTracker(**metadata).write(copy)
    with pytest.raises(FileNotFoundError, match=r'holds no int8.onnx: export with .* --int8'):
        DeployedTracker(copy, precision='int8')
