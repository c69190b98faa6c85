import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent

# Shipped with the package for `mim` and `mmengine.hub`, except what works in the repository only.
MIM = ('configs', 'tools', 'model-index.yml')
REPOSITORY_ONLY = (
    'lab', 'install', 'demo.py', 'ablation*.py', 'benchmark.py', 'model_size.py', '__pycache__',
)  # fmt: skip


class BuildWithMim(build_py):
    """Put configs, tools and the model index in ``mmeatrack/.mim``, where mim looks for them."""

    def run(self) -> None:
        super().run()
        if getattr(self, 'editable_mode', False):
            self._link()
            return
        for name in MIM:
            source, target = ROOT / name, Path(self.build_lib) / 'mmeatrack' / '.mim' / name
            if source.is_dir():
                ignored = shutil.ignore_patterns(*REPOSITORY_ONLY)
                shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)

    def _link(self) -> None:
        folder = ROOT / 'mmeatrack' / '.mim'
        folder.mkdir(exist_ok=True)
        for name in MIM:
            link = folder / name
            if link.is_symlink():
                link.unlink()
            link.symlink_to(Path('..', '..', name), target_is_directory=(ROOT / name).is_dir())


def read_version() -> str:
    """Read the version as text: importing the package would import what it is to install."""
    text = (ROOT / 'mmeatrack' / 'version.py').read_text(encoding='utf-8')
    match = re.search(r"^__version__ = '([^']+)'$", text, flags=re.MULTILINE)
    if match is None:
        raise RuntimeError("mmeatrack/version.py must hold a line __version__ = '...'.")
    return match.group(1)


def read_readme() -> str:
    readme = ROOT / 'README.md'
    return readme.read_text(encoding='utf-8') if readme.is_file() else ''


def read_extras() -> dict:
    """Read what each extra needs: ``pip install mmeatrack[docs]`` takes requirements/docs.txt."""
    extras = {}
    for name in ('docs', 'synthetic', 'web'):
        path = ROOT / 'requirements' / f'{name}.txt'
        if path.is_file():
            lines = [line.partition('#')[0].strip() for line in path.read_text().splitlines()]
            extras[name] = [line for line in lines if line]
    return extras


setup(
    name='mmeatrack',
    version=read_version(),
    description='EATrack, a distilled single-object tracker for drone video, on OpenMMLab',
    long_description=read_readme(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.8',
    cmdclass={'build_py': BuildWithMim},
    packages=find_packages(include=['mmeatrack', 'mmeatrack.*']),
    package_data={'mmeatrack': ['py.typed', '**/*.csv', 'weights/*', 'web/*.js']},
    # The OpenMMLab packages are not named: mmtrack's own metadata asks for versions of pandas and
    # scipy that no current Python has, so they are installed by `make install`, without it. Nor is
    # torch: a deployed tracker runs without it.
    install_requires=['numpy', 'packaging'],
    extras_require=dict(
        read_extras(),
        torch=['torch>=1.13', 'safetensors>=0.4,<1'],
        deploy=['opencv-python-headless>=4.5,<6', 'onnxruntime>=1.14,<2'],
        openvino=['opencv-python-headless>=4.5,<6', 'openvino>=2024.0'],
    ),
    keywords='single object tracking, UAV, knowledge distillation, OpenMMLab, mmtrack, mmrazor',
    zip_safe=False,  # type checkers read py.typed from a folder only
    classifiers=[
        'License :: OSI Approved :: Apache Software License',
        'Programming Language :: Python :: 3',
        *(f'Programming Language :: Python :: 3.{minor}' for minor in range(8, 14)),
        'Intended Audience :: Science/Research',
        'Typing :: Typed',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
)
