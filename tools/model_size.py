"""Print a tracker's parameters and multiply-adds: python tools/model_size.py CONFIG."""

import argparse
import sys
from pathlib import Path


def main() -> int:
    """Read the arguments and print; 1 if the config cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config of a tracker, or of a distillation: its student')
    parser.add_argument(
        '--temporal', type=int, default=1, help='views in the temporal slot (default: 1)'
    )
    args = parser.parse_args()
    try:
        print(size_table(args.config, args.temporal))
    except (FileNotFoundError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


def size_table(config: str, num_temporal: int) -> str:
    """The size report of a config's tracker as text.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If it has no model, or ``num_temporal`` is negative.
    """
    if not Path(config).is_file():
        raise FileNotFoundError(f'{config}: no such config')
    if num_temporal < 0:
        raise ValueError(f'--temporal {num_temporal}: give 0 or more')
    from mmengine.config import Config

    model = Config.fromfile(config).get('model')
    if model is None:
        raise ValueError(f'{config} has no model; give the config of a tracker')
    # PyTorch and the trackers take seconds to import.
    from lab.costs.size_report import size_report
    from mmeatrack.registry import MODELS

    return size_report(MODELS.build(model.get('architecture', model)), num_temporal).as_table()


if __name__ == '__main__':
    sys.exit(main())
