"""Build of mmcv: C++ standard, key, environment, progress and cache."""

import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import List

import pytest

from tests.scripts import load_script

build_mmcv = load_script('install/build_mmcv')


@pytest.mark.parametrize(
    ('torch_version', 'standard'),
    [
        ('1.13.1', 'c++14'),
        ('2.0.1+cu118', 'c++14'),
        ('2.1.0', 'c++17'),
        ('2.13.0+cpu', 'c++17'),
        ('3.0.0a0+git1', 'c++17'),
    ],
)
def test_cxx_standard_follows_torch(torch_version: str, standard: str) -> None:
    assert build_mmcv.cxx_standard(torch_version) == standard


def test_an_invalid_version_is_named() -> None:
    with pytest.raises(ValueError, match='nightly'):
        build_mmcv.cxx_standard('nightly')


def test_every_flag_is_replaced() -> None:
    text = "cxx = ['-std=c++14']\nnvcc = ['-O2', '-std=c++14']\n"
    patched = build_mmcv.set_cxx_standard(text, 'c++17')
    assert patched == "cxx = ['-std=c++17']\nnvcc = ['-O2', '-std=c++17']\n"
    with pytest.raises(RuntimeError, match=r'-std=c\+\+14'):
        build_mmcv.set_cxx_standard(patched, 'c++17')


def test_key_depends_on_torch_python_and_platform() -> None:
    keys = {
        build_mmcv.wheel_key(torch, tag, platform)
        for torch in ('2.13.0+cpu', '2.13.0', '2.12.0+cpu')
        for tag in ('cpython-311', 'cpython-312')
        for platform in ('linux-x86_64', 'linux-aarch64')
    }
    assert len(keys) == 12
    assert 'mmcv-2.0.0rc4_torch-2.13.0+cpu_cpython-311_linux-x86_64' in keys
    assert build_mmcv.wheel_key('../x', 'a/b', 'c') == 'mmcv-2.0.0rc4_torch-..-x_a-b_c'


@pytest.mark.parametrize(
    ('variables', 'expected'),
    [
        ({'MMEATRACK_CACHE': '/a', 'XDG_CACHE_HOME': '/b'}, '/a/wheels'),
        ({'XDG_CACHE_HOME': '/b'}, '/b/mmeatrack/wheels'),
        ({}, '/home/u/.cache/mmeatrack/wheels'),
    ],
)
def test_cache_folder(monkeypatch: pytest.MonkeyPatch, variables: dict, expected: str) -> None:
    for name in ('MMEATRACK_CACHE', 'XDG_CACHE_HOME'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('HOME', '/home/u')
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert build_mmcv.cache_root() == Path(expected)


def test_build_is_for_the_cpu_even_with_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('FORCE_CUDA', '1')
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '0')
    environment = build_mmcv.build_environment(jobs=3)
    assert 'FORCE_CUDA' not in environment
    assert environment['CUDA_VISIBLE_DEVICES'] == ''
    assert (environment['MAX_JOBS'], environment['MMCV_WITH_OPS']) == ('3', '1')


def test_the_standard_is_set_in_the_unpacked_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: List[str] = []

    def download(folder: Path) -> Path:
        (tmp_path / 'mmcv-2.0.0rc4').mkdir()
        (tmp_path / 'mmcv-2.0.0rc4' / 'setup.py').write_text("cxx = ['-std=c++14']\n")
        name = shutil.make_archive(
            str(folder / 'mmcv-2.0.0rc4'), 'gztar', tmp_path, base_dir='mmcv-2.0.0rc4'
        )
        return Path(name)

    def run(command: List[str], environment: dict) -> None:
        built.append((Path(command[-1]) / 'setup.py').read_text())
        (folder / 'mmcv-2.0.0rc4-cp311.whl').touch()

    monkeypatch.setattr(build_mmcv, 'download', download)
    monkeypatch.setattr(build_mmcv, '_run_with_progress', run)
    folder = tmp_path / 'build'
    folder.mkdir()
    assert build_mmcv.build('2.13.0', folder, jobs=1) == folder / 'mmcv-2.0.0rc4-cp311.whl'
    assert built == ["cxx = ['-std=c++17']\n"]


def test_a_wheel_is_built_once_and_a_failed_build_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: List[str] = []

    def fail(torch_version: str, folder: Path, jobs: int) -> Path:
        (folder / 'mmcv-half.whl').write_text('half')
        raise RuntimeError('compiler stopped')

    def build(torch_version: str, folder: Path, jobs: int) -> Path:
        built.append(torch_version)
        wheel = folder / 'mmcv-2.0.0rc4-cp311-cp311-linux_x86_64.whl'
        wheel.write_text('whole')
        return wheel

    monkeypatch.setenv('MMEATRACK_CACHE', str(tmp_path))
    (tmp_path / 'wheels' / '.build-killed').mkdir(parents=True)
    monkeypatch.setattr(build_mmcv, 'build', fail)
    with pytest.raises(RuntimeError, match='compiler stopped'):
        build_mmcv.cached_wheel('2.13.0', jobs=1)
    assert [p.name for p in (tmp_path / 'wheels').iterdir()] == ['.lock']
    monkeypatch.setattr(build_mmcv, 'build', build)
    first, second = (build_mmcv.cached_wheel('2.13.0', jobs=1) for _ in range(2))
    other = build_mmcv.cached_wheel('2.12.0', jobs=1)
    assert first == second != other
    assert first.read_text() == 'whole'
    assert built == ['2.13.0', '2.12.0']


def test_a_build_shows_its_progress(capsys: pytest.CaptureFixture) -> None:
    lines = '[1/3] c++ a.o\nwarning: [9/9] is no progress\n [2/3] c++ b.o'
    build_mmcv._run_with_progress([sys.executable, '-c', f'print({lines!r})'], {})
    assert '2/3' in capsys.readouterr().out


def test_a_failing_build_shows_its_last_lines() -> None:
    command = [sys.executable, '-c', 'import sys; print("[1/2] c++"); sys.exit("error: no header")']
    with pytest.raises(RuntimeError, match='error: no header'):
        build_mmcv._run_with_progress(command, {})


def test_a_second_build_waits_for_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / 'lock'
    code = (
        'import importlib.util, pathlib, sys\n'
        f'spec = importlib.util.spec_from_file_location("b", {str(build_mmcv.__file__)!r})\n'
        'b = importlib.util.module_from_spec(spec); spec.loader.exec_module(b)\n'
        f'with b.locked(pathlib.Path({str(lock)!r})): print("got it")\n'
    )
    with build_mmcv.locked(lock):
        other = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True)
        assert other.stdout is not None
        assert other.stdout.readline() == 'Another build of mmcv is running; waiting for it.\n'
        assert other.poll() is None
    assert other.communicate(timeout=30)[0] == 'got it\n'


@pytest.mark.parametrize('name', ['../outside', '/tmp/outside', 'mmcv-2.0.0rc4/link@'])
def test_nothing_is_unpacked_outside_or_as_a_link(tmp_path: Path, name: str) -> None:
    sdist = tmp_path / 'mmcv-2.0.0rc4.tar.gz'
    with tarfile.open(sdist, 'w:gz') as archive:
        member = tarfile.TarInfo(name)
        if name.endswith('@'):
            member.type, member.linkname = tarfile.SYMTYPE, '/etc'
        archive.addfile(member, io.BytesIO())
    with pytest.raises(RuntimeError, match='which is not unpacked'):
        build_mmcv.unpack(sdist, tmp_path / 'out')
    assert not (tmp_path / 'outside').exists()
