"""Scripts of the installed OpenMMLab packages."""

from pathlib import Path


def mmtrack_script(name: str) -> Path:
    """Path of a script of the installed mmtrack, e.g. ``train.py``.

    Raises:
        FileNotFoundError: If this mmtrack has no such script.
    """
    import mmtrack

    path = Path(mmtrack.__file__).parent / '.mim' / 'tools' / name
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} is missing: this mmtrack was installed without its scripts. Install '
            'mmtrack==1.0.0rc1 from its wheel.'
        )
    return path
