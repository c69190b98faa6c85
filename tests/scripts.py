"""Scripts of ``tools/`` as modules."""

import importlib.util
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).resolve().parents[1] / 'tools'


def load_script(name: str) -> Any:
    """Import ``tools/<name>.py``; a name such as 'install/verify' may have a folder."""
    spec = importlib.util.spec_from_file_location(Path(name).name, TOOLS / f'{name}.py')
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
