"""Print a tracker's parameters and multiply-adds: python tools/model_size.py CONFIG."""

import argparse

from mmengine.config import Config

from mmeatrack.models.size_report import size_report
from mmeatrack.registry import MODELS


def main() -> None:
    """Read the arguments and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config of a tracker, or of a distillation: its student')
    parser.add_argument(
        '--temporal', type=int, default=1, help='views in the temporal slot (default: 1)'
    )
    args = parser.parse_args()
    model = Config.fromfile(args.config).model
    print(size_report(MODELS.build(model.get('architecture', model)), args.temporal).as_table())


if __name__ == '__main__':
    main()
