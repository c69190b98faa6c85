import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent


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


setup(
    name='mmeatrack',
    version=read_version(),
    description='EATrack, a distilled single-object tracker for drone video, on OpenMMLab',
    long_description=read_readme(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.8',
    packages=find_packages(include=['mmeatrack', 'mmeatrack.*']),
    package_data={'mmeatrack': ['py.typed', '**/*.csv', 'weights/*']},
    # The OpenMMLab packages are not named: mmtrack's own metadata asks for versions of pandas and
    # scipy that no current Python has, so they are installed by `make install`, without it.
    install_requires=['torch>=1.13', 'numpy', 'packaging', 'safetensors'],
    keywords='single object tracking, UAV, knowledge distillation, OpenMMLab, mmtrack, mmrazor',
    zip_safe=False,  # type checkers read py.typed from a folder only
    classifiers=[
        'License :: OSI Approved :: Apache Software License',
        'Programming Language :: Python :: 3',
        'Intended Audience :: Science/Research',
        'Typing :: Typed',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
)
