"""Command lines of the tools: parser, common options, errors in one line and exit status."""

import argparse
import re
import sys
from pathlib import Path
from typing import Callable, Optional


def tool_parser(
    description: Optional[str], examples: Optional[str] = None
) -> argparse.ArgumentParser:
    """Parser whose help shows the description and the examples as they are written."""
    return argparse.ArgumentParser(
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def at_least(least: int) -> Callable[[str], int]:
    """Argument type of whole numbers with a lower limit."""

    def parse(text: str) -> int:
        if not re.fullmatch(r'-?\d+', text) or int(text) < least:
            raise argparse.ArgumentTypeError(f'{text!r} is not a whole number of at least {least}')
        return int(text)

    return parse


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Add ``--overwrite``, see :func:`mmeatrack.files.outputs.claimed_outputs`."""
    parser.add_argument(
        '--overwrite', action='store_true', help='replace files that this tool did not write'
    )


def add_output_folder(parser: argparse.ArgumentParser, default: Optional[str] = None) -> None:
    """Add ``--out``, which is required without a default, and ``--overwrite``."""
    if default is None:
        parser.add_argument('--out', type=Path, required=True, metavar='DIR', help='output folder')
    else:
        parser.add_argument(
            '--out',
            type=Path,
            default=Path(default),
            metavar='DIR',
            help='output folder (default: %(default)s)',
        )
    add_overwrite(parser)


def add_temporal(parser: argparse.ArgumentParser) -> None:
    """Add ``--temporal`` and ``--no-temporal``; without them ``temporal`` is None."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        '--temporal',
        action='store_true',
        default=None,
        help='adapt to the target with a Target Store (default: as the config says)',
    )
    group.add_argument(
        '--no-temporal', action='store_false', dest='temporal', help='do not adapt to the target'
    )


def run_tool(run: Callable[[argparse.Namespace], Optional[int]], args: argparse.Namespace) -> int:
    """Run a tool and return its exit status.

    Returns:
        The tool's own status, 0 for None; 1 for an invalid input, which is reported in one line on
        standard error; 130 for Ctrl-C.
    """
    try:
        return run(args) or 0
    except (ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        sys.stderr.write(f'error: {error}\n')
        return 1
    except KeyboardInterrupt:
        return 130
