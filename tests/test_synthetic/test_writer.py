import hashlib
import json
import shutil

import cv2
import numpy as np
import pytest

from mmeatrack.synthetic import SCENARIOS, plan_sequence, split_specs, write_split
from mmeatrack.synthetic.renderer import make_world
from mmeatrack.synthetic.writer import GENERATOR_VERSION

FRAME = (112, 96)


def _write(root, count=3, split='test', **changes):
    settings = dict(num_frames=4, frame_size=FRAME, seed=0)
    settings.update(changes)
    return write_split(root, split, count, **settings)


def _hashes(root):
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob('*'))
        if path.is_file()
    }


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp('written') / 'test'
    names = _write(root)
    return root, names


@pytest.fixture
def copy(written, tmp_path):
    return shutil.copytree(written[0], tmp_path / 'test')


def test_layout(written):
    root, names = written
    assert sorted(path.name for path in root.iterdir()) == sorted([*names, 'meta.json'])
    for name, scenario in zip(names, SCENARIOS):
        folder = root / name
        images = sorted(path.name for path in (folder / 'img').iterdir())
        assert images == ['00001.jpg', '00002.jpg', '00003.jpg', '00004.jpg']
        assert cv2.imread(str(folder / 'img' / '00001.jpg')).shape == (96, 112, 3)
        boxes = np.loadtxt(folder / 'groundtruth_rect.txt', delimiter=',')
        assert boxes.shape == (4, 4)
        shares = np.loadtxt(folder / 'visibility.txt')
        assert ((shares >= 0) & (shares <= 1)).all()
        assert scenario in name


def test_the_default_mixing_depends_on_the_split():
    for split, mixing, expected in (('train', None, 1.0), ('test', None, 0.5), ('test', 0.0, 0.0)):
        specs = split_specs(split, 3, 4, FRAME, mixing=mixing)
        assert [spec.mixing for spec in specs] == [expected] * 3


def test_another_mixing_is_refused(copy):
    with pytest.raises(RuntimeError, match=r'mixing None \(now 0.0\)'):
        _write(copy, mixing=0.0)
    with pytest.raises(ValueError, match=r'mixing is 1\.5; it must be 0 to 1'):
        _write(copy, mixing=1.5)


def test_absent_targets_are_written_as_nan(tmp_path):
    name = _write(tmp_path / 'test', 7, num_frames=40)[6]
    assert 'absence' in name
    rows = (tmp_path / 'test' / name / 'groundtruth_rect.txt').read_text().splitlines()
    assert 'NaN,NaN,NaN,NaN' in rows
    boxes = np.array([[float(value) for value in row.split(',')] for row in rows])
    shares = np.loadtxt(tmp_path / 'test' / name / 'visibility.txt')
    absent = np.isnan(boxes[:, 0])
    # A sliver at the frame's edge is absent too: its side counts.
    assert absent[shares < 0.05].all()
    assert shares[absent].max() < 0.3
    assert all(len(value.split('.')[1]) == 2 for value in rows[0].split(','))


def test_meta_file_records_the_arguments(written):
    root, names = written
    meta = json.loads((root / 'meta.json').read_text())
    assert meta['generator_version'] == GENERATOR_VERSION
    assert (meta['seed'], meta['split'], meta['num_frames']) == (0, 'test', 4)
    assert meta['frame_size'] == list(FRAME)
    assert [entry['name'] for entry in meta['sequences']] == names
    attributes = (root / names[0] / 'attributes.txt').read_text().split()
    assert meta['sequences'][0]['attributes'] == attributes
    assert attributes[0] == 'static'


def test_bytes_do_not_depend_on_the_number_of_workers(written, tmp_path):
    _write(tmp_path / 'test', workers=2)
    assert _hashes(tmp_path / 'test') == _hashes(written[0])


def test_another_seed_gives_other_bytes(written, tmp_path):
    _write(tmp_path / 'test', seed=1)
    images = {digest for path, digest in _hashes(written[0]).items() if path.endswith('.jpg')}
    others = {
        digest for path, digest in _hashes(tmp_path / 'test').items() if path.endswith('.jpg')
    }
    assert not images & others


def test_worlds_and_targets_of_the_splits_are_disjoint():
    prints = []
    for split in ('train', 'test'):
        for spec in split_specs(split, 8, 4, FRAME):
            plan = plan_sequence(spec)
            world = make_world(plan).levels[0]
            prints.append(hashlib.sha256(world.tobytes()).hexdigest())
            prints.append(hashlib.sha256(plan.target.looks[0][0].tobytes()).hexdigest())
    assert len(prints) == 32
    assert len(set(prints)) == len(prints)


def test_the_test_split_cycles_through_all_scenarios():
    names = [spec.scenario for spec in split_specs('test', 20, 4, FRAME)]
    assert names == list(SCENARIOS) * 2


def test_a_finished_split_is_kept(copy, monkeypatch):
    before = {path: path.stat().st_mtime_ns for path in copy.rglob('*.jpg')}
    told = []
    _write(copy, progress=lambda name, frames: told.append((name, frames)))
    assert {path: path.stat().st_mtime_ns for path in copy.rglob('*.jpg')} == before
    assert len(told) == 3
    assert all(frames == 4 for _, frames in told)


def test_an_incomplete_sequence_is_written_again(written, copy):
    names = written[1]
    (copy / names[0] / 'img' / '00003.jpg').unlink()
    shutil.rmtree(copy / names[1])
    partial = copy / ('.partial_' + names[1]) / 'img'
    partial.mkdir(parents=True)
    (partial / '00001.jpg').write_bytes(b'half')
    kept = copy / names[2] / 'img' / '00001.jpg'
    before = kept.stat().st_mtime_ns
    _write(copy)
    assert _hashes(copy) == _hashes(written[0])
    assert kept.stat().st_mtime_ns == before


def test_other_arguments_are_refused_and_named(copy):
    with pytest.raises(RuntimeError, match=r'seed 0 \(now 5\).*--overwrite'):
        _write(copy, seed=5)
    with pytest.raises(RuntimeError, match=r'num_frames 4 \(now 6\)'):
        _write(copy, num_frames=6)


def test_overwrite_replaces_the_split_and_nothing_else(copy):
    (copy / 'notes.txt').write_text('mine')
    (copy / 'other' / 'img').mkdir(parents=True)
    names = _write(copy, 2, seed=5, overwrite=True)
    found = sorted(path.name for path in copy.iterdir())
    assert found == sorted([*names, 'meta.json', 'notes.txt', 'other'])
    assert json.loads((copy / 'meta.json').read_text())['seed'] == 5


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    (tmp_path / 'photo.jpg').write_bytes(b'x')
    for overwrite in (False, True):
        with pytest.raises(RuntimeError, match=r'not empty and has no meta\.json'):
            _write(tmp_path, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ['photo.jpg']


@pytest.mark.parametrize('content', ['{', '[]', '{"sequences": 3}'])
def test_a_damaged_meta_file_is_refused(tmp_path, content):
    (tmp_path / 'meta.json').write_text(content)
    with pytest.raises(RuntimeError, match=r'meta\.json.*another folder'):
        _write(tmp_path)


def test_names_in_a_foreign_meta_file_cannot_escape_the_folder(copy, tmp_path):
    outside = tmp_path / 'outside'
    outside.mkdir()
    (outside / 'groundtruth_rect.txt').write_text('1,1,1,1\n')
    meta = json.loads((copy / 'meta.json').read_text())
    meta['sequences'] += [{'name': '../outside'}, {'name': '..'}, {'name': ''}]
    (copy / 'meta.json').write_text(json.dumps(meta))
    _write(copy, 1, seed=5, overwrite=True)
    assert (outside / 'groundtruth_rect.txt').is_file()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(count=0), 'num_sequences is 0'),
        (dict(workers=0), 'workers is 0'),
        (dict(seed=-1), 'seed is -1'),
        (dict(jpeg_quality=101), 'jpeg_quality is 101'),
        (dict(num_frames=1), 'num_frames is 1'),
        (dict(frame_size=(50, 50)), 'frame_size'),
    ],
)
def test_bad_arguments_leave_no_folder(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        _write(tmp_path / 'new', **changes)
    assert not (tmp_path / 'new').exists()
