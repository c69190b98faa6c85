"""List the models of model-index.yml, or check them.

python tools/model_zoo.py           # table of configs, data and weights
python tools/model_zoo.py --check   # every config is listed and loads, every file has its hash
"""

import argparse
import hashlib
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import yaml
from tabulate import tabulate

from mmeatrack.files.command_line import tool_parser

ROOT = Path(__file__).resolve().parents[1]
Model = Dict[str, Any]


def read_models(root: Path) -> List[Model]:
    """Entries of all metafiles that the index imports."""

    def read(name: str) -> Any:
        return yaml.safe_load((root / name).read_text(encoding='utf-8'))

    return [model for name in read('model-index.yml')['Import'] for model in read(name)['Models']]


def table(models: Sequence[Model]) -> str:
    """Table of the models."""
    rows = [
        (
            each['Name'],
            each['Metadata']['Data'],
            each.get('Weights', '-'),
            each['Metadata']['Trained'],
        )
        for each in models
    ]
    return tabulate(rows, ['Config', 'Data', 'Weights', 'Trained'])


def problems(root: Path, models: Sequence[Model]) -> List[str]:
    """Errors in the metafiles, one per line."""
    listed = Counter(model['Config'] for model in models)
    hashes = Counter(model['SHA256'] for model in models if 'SHA256' in model)
    configs = {
        f'configs/{path.relative_to(root / "configs")}'
        for path in (root / 'configs').glob('*/*.py')
        if path.parent.name != '_base_'
        and '_deprecation_' not in path.read_text(encoding='utf-8')  # a former name
    }
    found = [f'{config}: listed twice' for config, count in listed.items() if count > 1]
    found += [
        f'{digest}: two models have weights with this SHA-256, so one entry is wrong: publish each '
        'model and list its own file'
        for digest, count in hashes.items()
        if count > 1
    ]
    found += [f'{config}: not listed' for config in sorted(configs - set(listed))]
    for model in models:
        found += _config_problems(root, model) + _weight_problems(root, model)
    return found


def _config_problems(root: Path, model: Model) -> List[str]:
    from mmengine.config import Config

    path = root / model['Config']
    if not path.is_file():
        return [f'{model["Config"]}: no such file']
    try:
        has_model = 'model' in Config.fromfile(path)
    except Exception as error:
        return [f'{model["Config"]}: does not load: {error}']
    return [] if has_model else [f'{model["Config"]}: has no model']


def _weight_problems(root: Path, model: Model) -> List[str]:
    weights = model.get('Weights')
    if weights is None:
        return []
    path = root / weights
    if not path.is_file():
        return [f'{weights}: no such file']
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != model.get('SHA256'):
        return [f'{weights}: its SHA-256 is {digest}, listed is {model.get("SHA256")}']
    from mmeatrack.conversion import read_published
    from mmeatrack.registry import MODELS

    published = read_published(path)
    MODELS.build(published.model).load_state_dict(published.state_dict, strict=True)
    return []


def main(argv: Optional[Sequence[str]] = None) -> int:
    """List or check; return the exit status."""
    parser = tool_parser(__doc__)
    parser.add_argument('--check', action='store_true', help='check the models')
    parser.add_argument('--root', type=Path, default=ROOT, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    models = read_models(args.root)
    if not args.check:
        print(table(models))
        return 0
    from mmtrack.utils import register_all_modules

    import mmeatrack  # noqa: F401 - its names and shims

    register_all_modules(init_default_scope=False)
    found = problems(args.root, models)
    for line in found:
        print(line, file=sys.stderr)
    print(f'{len(models)} models, {len(found)} problems')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
