"""Install mmcv 2.0.0rc4 beside any torch: build its wheel once, keep it, show progress.

The source distribution asks for C++14, while the headers of torch >= 2.1 need C++17. The wheel is
kept in a cache of the user's, keyed by all that it depends on, so that a second environment takes
seconds. The build is for the CPU also where CUDA is: the tracker needs none of mmcv's CUDA ops.

Run with the environment's own Python, with torch and requirements/build.txt installed.
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
import time
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

MMCV_VERSION = '2.0.0rc4'


def cache_root() -> Path:
    """Return the user's cache folder for wheels: $MMEATRACK_CACHE, or as XDG says."""
    given = os.environ.get('MMEATRACK_CACHE')
    if given:
        return Path(given).expanduser() / 'wheels'
    xdg = os.environ.get('XDG_CACHE_HOME') or '~/.cache'
    return Path(xdg).expanduser() / 'mmeatrack' / 'wheels'


def wheel_key(torch_version: str, python_tag: str, platform: str) -> str:
    """Return the name of a wheel's folder: a wheel fits where all three are the same.

    Args:
        torch_version: With its local part, as in 2.13.0+cpu.
        python_tag: As in cpython-311.
        platform: As in linux-x86_64.
    """
    key = f'mmcv-{MMCV_VERSION}_torch-{torch_version}_{python_tag}_{platform}'
    return re.sub(r'[^\w.+-]', '-', key)


def cxx_standard(torch_version: str) -> str:
    """Return the C++ standard that torch's headers need: C++17 from 2.1 on, C++14 before."""
    match = re.match(r'(\d+)\.(\d+)', torch_version)
    if match is None:
        raise ValueError(f"torch's version is '{torch_version}', expected one like 2.13.0+cpu.")
    return 'c++17' if (int(match.group(1)), int(match.group(2))) >= (2, 1) else 'c++14'


def set_cxx_standard(setup_text: str, standard: str) -> str:
    """Return mmcv's setup.py with the given standard in place of its C++14.

    Raises:
        RuntimeError: If the text does not name C++14: then it is not the release meant.
    """
    if '-std=c++14' not in setup_text:
        raise RuntimeError(f"mmcv's setup.py has no -std=c++14; is it {MMCV_VERSION}'s?")
    return setup_text.replace('-std=c++14', f'-std={standard}')


def read_progress(line: str) -> Optional[Tuple[int, int]]:
    """Return (done, total) from one of ninja's lines, as in '[12/97] c++ ...', or None."""
    match = re.match(r'\s*\[(\d+)/(\d+)\]', line)
    return (int(match.group(1)), int(match.group(2))) if match else None


def show_progress(done: int, total: int, seconds: float) -> str:
    """Return a bar with the time left, which is judged by the pace so far."""
    filled = 30 * done // total
    left = seconds / done * (total - done) if done else 0.0
    return (
        f'mmcv [{"#" * filled}{"." * (30 - filled)}] {done}/{total}, '
        f'{_minutes(seconds)} so far, about {_minutes(left)} left'
    )


def _minutes(seconds: float) -> str:
    return f'{int(seconds) // 60} min {int(seconds) % 60:02d} s'


def build_environment(jobs: int) -> Dict[str, str]:
    """Return the environment variables of the build."""
    environment = dict(os.environ)
    environment.pop('FORCE_CUDA', None)
    # -g0 -O2 come after Python's own -g -O3 and so hold: a third less time, a fifth of the size.
    flags = f'{os.environ.get("CFLAGS", "")} -g0 -O2'.strip()
    environment.update(
        MMCV_WITH_OPS='1',
        CUDA_VISIBLE_DEVICES='',
        MAX_JOBS=str(jobs),
        CFLAGS=flags,
        NINJA_STATUS='[%f/%t] ',
    )
    return environment


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack a source distribution and return its top folder.

    Raises:
        RuntimeError: If a member is no plain file or folder, or lies outside.
    """
    root = folder.resolve()
    with tarfile.open(sdist) as archive:
        for member in archive.getmembers():
            target = (root / member.name).resolve()
            if not (member.isfile() or member.isdir()) or root not in target.parents:
                raise RuntimeError(f"{sdist.name} holds '{member.name}', which is not unpacked.")
            archive.extract(member, root)
    return root / sdist.name[: -len('.tar.gz')]


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes, which its holder's end also releases."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, 'w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say('Another build of mmcv is running; waiting for it.')
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def download(folder: Path) -> Path:
    """Download mmcv's source distribution and return its path."""
    command = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--no-binary=mmcv']
    command += ['--no-build-isolation', '--dest', str(folder), f'mmcv=={MMCV_VERSION}']
    subprocess.run(command, check=True)
    return folder / f'mmcv-{MMCV_VERSION}.tar.gz'


def build(torch_version: str, folder: Path, jobs: int) -> Path:
    """Build the wheel in a folder and return the wheel's path.

    Raises:
        RuntimeError: If the build fails; the message ends with the last lines of its output.
    """
    source = unpack(download(folder), folder)
    setup = source / 'setup.py'
    text = set_cxx_standard(setup.read_text(encoding='utf-8'), cxx_standard(torch_version))
    setup.write_text(text, encoding='utf-8')
    command = [sys.executable, '-m', 'pip', 'wheel', '--verbose', '--no-deps']
    command += ['--no-build-isolation', '--no-cache-dir', '--wheel-dir', str(folder), str(source)]
    _run_with_progress(command, build_environment(jobs))
    return next(folder.glob('mmcv-*.whl'))


def _run_with_progress(command: List[str], environment: Dict[str, str]) -> None:
    output: List[str] = []
    start = shown = time.monotonic()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            output.append(line)
            progress = read_progress(line)
            now = time.monotonic()
            # A terminal's line is written anew; a log gets one every 20 seconds.
            if progress and (sys.stdout.isatty() or now - shown > 20 or progress[0] == progress[1]):
                shown = now
                _say(show_progress(*progress, now - start), again=sys.stdout.isatty())
    if sys.stdout.isatty():
        _say('')
    if process.returncode != 0:
        raise RuntimeError('Building mmcv failed:\n' + ''.join(output[-40:]))


def _say(text: str, again: bool = False) -> None:
    sys.stdout.write(f'\r{text}' if again else f'{text}\n')
    sys.stdout.flush()


def cached_wheel(torch_version: str, jobs: int) -> Path:
    """Return the wheel for this Python and torch, from the cache or built now."""
    tag = f'{sys.implementation.name}-{sys.version_info[0]}{sys.version_info[1]}'
    root = cache_root()
    kept = root / wheel_key(torch_version, tag, sysconfig.get_platform())
    with locked(root / '.lock'):
        for wheel in kept.glob('*.whl'):
            _say(f'mmcv {MMCV_VERSION}: using {wheel}')
            return wheel
        for leftover in root.glob('.build-*'):  # of a build that was killed: we hold the lock
            shutil.rmtree(leftover)
        _say(f'Building mmcv {MMCV_VERSION} for torch {torch_version}: 6 to 10 minutes on 2 cores.')
        with tempfile.TemporaryDirectory(prefix='.build-', dir=root) as folder:
            wheel = build(torch_version, Path(folder), jobs)
            kept.mkdir(exist_ok=True)
            os.replace(wheel, kept / wheel.name)  # at once, so that no half of a wheel is kept
        return kept / wheel.name


def is_installed() -> bool:
    """Return whether this environment's mmcv is the right one and its ops load beside torch."""
    code = f'import torch, mmcv._ext; assert mmcv.__version__ == "{MMCV_VERSION}"'
    return subprocess.run([sys.executable, '-c', code], stderr=subprocess.DEVNULL).returncode == 0


def default_jobs() -> int:
    """Return how many compilers to run: one a core, each with 2 GB of memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    return max(1, min(cores or 1, memory // 2**31))


def main() -> None:
    """Build if need be, and install."""
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
        sys.exit('Interrupted; nothing was kept.')
    except subprocess.CalledProcessError as error:
        sys.exit(f'{" ".join(error.cmd)} failed; what it wrote is above.')
