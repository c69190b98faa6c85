"""Print a tracker's parameters and multiply-adds: python tools/model_size.py CONFIG."""

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

from mmeatrack.files.command_line import at_least, run_tool, tool_parser


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='config of a tracker, or of a distillation: its student')
    parser.add_argument(
        '--temporal', type=at_least(0), default=1, help='views in the temporal slot (default: 1)'
    )
    return parser.parse_args(argv)


def print_size(args: argparse.Namespace) -> None:
    """Print the size report of a config's tracker."""
    if not Path(args.config).is_file():
        raise FileNotFoundError(f'{args.config}: no such config')
    from mmengine.config import Config

    model = Config.fromfile(args.config).get('model')
    if model is None:
        raise ValueError(f'{args.config} has no model; give the config of a tracker')
    # PyTorch and the trackers take seconds to import.
    from lab.costs.size_report import size_report
    from mmeatrack.registry import MODELS

    tracker = MODELS.build(model.get('architecture', model))
    print(size_report(tracker, args.temporal).as_table())


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(print_size, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
