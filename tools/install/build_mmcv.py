"""Install mmcv 2.0.0rc4 for the installed torch: build its wheel once and cache it.

The source distribution asks for C++14, while the headers of torch >= 2.1 need C++17. The wheel is
cached per user, keyed by everything it depends on, so that a second environment takes seconds. The
build is for the CPU even if there is a GPU: the tracker needs none of mmcv's CUDA operators.

Run with the environment's own Python, with torch, requirements/build.txt and
requirements/runtime.txt installed.
"""

import argparse
import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List

from packaging.version import Version
from tqdm import tqdm

MMCV_VERSION = '2.0.0rc4'


def cache_root() -> Path:
    """Return the cache folder for wheels: in $MMEATRACK_CACHE, or in the XDG cache folder."""
    xdg = os.environ.get('XDG_CACHE_HOME') or '~/.cache'
    root = os.environ.get('MMEATRACK_CACHE') or f'{xdg}/mmeatrack'
    return Path(root).expanduser() / 'wheels'


def wheel_key(torch_version: str, python_tag: str, platform: str) -> str:
    """Return the folder name of the wheel for one torch, Python and platform.

    Args:
        torch_version: With its local part, such as 2.13.0+cpu.
        python_tag: Such as cpython-311.
        platform: Such as linux-x86_64.
    """
    key = f'mmcv-{MMCV_VERSION}_torch-{torch_version}_{python_tag}_{platform}'
    return re.sub(r'[^\w.+-]', '-', key)


def cxx_standard(torch_version: str) -> str:
    """Return the C++ standard of torch's headers: C++17 from 2.1 on, C++14 before."""
    return 'c++17' if Version(torch_version).release >= (2, 1) else 'c++14'


def set_cxx_standard(setup_text: str, standard: str) -> str:
    """Return mmcv's setup.py with C++14 replaced by the given standard.

    Raises:
        RuntimeError: If the text does not name C++14, as in another release of mmcv.
    """
    if '-std=c++14' not in setup_text:
        raise RuntimeError(f"mmcv's setup.py has no -std=c++14; is it {MMCV_VERSION}'s?")
    return setup_text.replace('-std=c++14', f'-std={standard}')


def build_environment(jobs: int) -> Dict[str, str]:
    """Return the environment variables of the build."""
    environment = dict(
        os.environ,
        MMCV_WITH_OPS='1',
        CUDA_VISIBLE_DEVICES='',
        MAX_JOBS=str(jobs),
        # Override Python's own -g -O3: a third less time, a fifth of the size.
        CFLAGS=f'{os.environ.get("CFLAGS", "")} -g0 -O2'.strip(),
        NINJA_STATUS='[%f/%t] ',
    )
    environment.pop('FORCE_CUDA', None)
    return environment


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; it is released even if the process is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, 'w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print('Another build of mmcv is running; waiting for it.', flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def download(folder: Path) -> Path:
    """Download mmcv's source distribution and return its path."""
    command = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--no-binary=mmcv']
    command += ['--no-build-isolation', '--dest', str(folder), f'mmcv=={MMCV_VERSION}']
    subprocess.run(command, check=True)
    return folder / f'mmcv-{MMCV_VERSION}.tar.gz'


def unpack(sdist: Path, folder: Path) -> None:
    """Unpack a source distribution; RuntimeError for members outside it, links and devices."""
    root = folder.resolve()
    with tarfile.open(sdist) as archive:
        for member in archive.getmembers():
            target = (root / member.name).resolve()
            if not (member.isfile() or member.isdir()) or root not in target.parents:
                raise RuntimeError(f"{sdist.name} holds '{member.name}', which is not unpacked.")
            archive.extract(member, root)


def build(torch_version: str, folder: Path, jobs: int) -> Path:
    """Build the wheel in a folder and return its path; RuntimeError if the build fails."""
    unpack(download(folder), folder)
    source = folder / f'mmcv-{MMCV_VERSION}'
    setup = source / 'setup.py'
    text = set_cxx_standard(setup.read_text(encoding='utf-8'), cxx_standard(torch_version))
    setup.write_text(text, encoding='utf-8')
    command = [sys.executable, '-m', 'pip', 'wheel', '--verbose', '--no-deps']
    command += ['--no-build-isolation', '--no-cache-dir', '--wheel-dir', str(folder), str(source)]
    _run_with_progress(command, build_environment(jobs))
    return next(folder.glob('mmcv-*.whl'))


def _run_with_progress(command: List[str], environment: Dict[str, str]) -> None:
    """Run a build with ninja; RuntimeError, with the last lines of its output, if it fails."""
    output: List[str] = []
    interval = 0.5 if sys.stdout.isatty() else 20
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process, tqdm(desc='mmcv', unit='file', mininterval=interval, file=sys.stdout) as bar:
        for line in process.stdout or ():
            output.append(line)
            progress = re.match(r'\s*\[(\d+)/(\d+)\]', line)
            if progress:
                bar.total = int(progress[2])
                bar.update(int(progress[1]) - bar.n)
    if process.returncode != 0:
        raise RuntimeError('Building mmcv failed:\n' + ''.join(output[-40:]))


def cached_wheel(torch_version: str, jobs: int) -> Path:
    """Return the wheel for this Python and torch, built unless it is cached."""
    tag = f'{sys.implementation.name}-{sys.version_info[0]}{sys.version_info[1]}'
    root = cache_root()
    kept = root / wheel_key(torch_version, tag, sysconfig.get_platform())
    with locked(root / '.lock'):
        for wheel in kept.glob('*.whl'):
            print(f'mmcv {MMCV_VERSION}: using {wheel}')
            return wheel
        for leftover in root.glob('.build-*'):  # of a killed build: no other one holds the lock
            shutil.rmtree(leftover)
        print(
            f'Building mmcv {MMCV_VERSION} for torch {torch_version}; this takes minutes.',
            flush=True,
        )
        with tempfile.TemporaryDirectory(prefix='.build-', dir=root) as folder:
            wheel = build(torch_version, Path(folder), jobs)
            kept.mkdir(exist_ok=True)
            os.replace(wheel, kept / wheel.name)  # atomic: the cache holds complete wheels only
        return kept / wheel.name


def is_installed() -> bool:
    """Return whether the right mmcv is installed and its operators load with torch."""
    code = f'import torch, mmcv._ext; assert mmcv.__version__ == "{MMCV_VERSION}"'
    return subprocess.run([sys.executable, '-c', code], stderr=subprocess.DEVNULL).returncode == 0


def default_jobs() -> int:
    """Return the number of compilers to run: one per core, with 2 GB of memory each."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    return max(1, min(cores or 1, memory // 2**31))


def main() -> None:
    """Install mmcv, building it if necessary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--jobs', type=int, default=default_jobs(), help='parallel compilers')
    jobs = parser.parse_args().jobs
    if is_installed():
        return
    import torch

    wheel = cached_wheel(torch.__version__, jobs)
    command = [sys.executable, '-m', 'pip', 'install', '--quiet', '--no-deps', '--force-reinstall']
    subprocess.run([*command, str(wheel)], check=True)


if __name__ == '__main__':
    try:
        main()
    except RuntimeError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit('Interrupted; nothing was installed.')
    except subprocess.CalledProcessError as error:
        sys.exit(f'{" ".join(error.cmd)} failed; its output is above.')
