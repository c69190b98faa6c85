"""Convert the checkpoint of a tracker to this package's names, or back to OSTrack's.

  python tools/convert_checkpoint.py OSTrack_ep0300.pth.tar teacher.pth
  python tools/convert_checkpoint.py teacher.pth ostrack.pth --to ostrack

Nothing in the files is run. The converted file holds the tracker's config, derived from the
shapes, under meta.model; candidate elimination has no weights and is not used here.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Dict, Optional, Sequence


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('source', type=Path, help='checkpoint: .pth, .pth.tar, .safetensors')
    parser.add_argument('target', type=Path, help='file to write')
    parser.add_argument(
        '--from',
        dest='origin',
        choices=('auto', 'ostrack', 'mmeatrack'),
        default='auto',
        help='names in the source (default: %(default)s)',
    )
    parser.add_argument(
        '--to',
        choices=('mmeatrack', 'ostrack'),
        default='mmeatrack',
        help='names in the target (default: %(default)s)',
    )
    parser.add_argument('--overwrite', action='store_true', help='replace a target of other origin')
    return parser.parse_args(argv)


def convert(source: Path, target: Path, origin: str, to: str) -> str:
    """Convert a file; return what was done."""
    from mmeatrack.conversion import (
        from_ostrack,
        is_ostrack,
        read_weights_file,
        to_ostrack,
    )

    file = read_weights_file(source)
    if origin == 'auto':
        origin = 'ostrack' if is_ostrack(file.tensors) else 'mmeatrack'
    if origin == to:
        raise ValueError(f'{source} has the names of {to} already; give the other one by --to.')
    content: Dict[str, Any]
    if to == 'ostrack':
        left_out = file.meta.get('left_out', {})
        content = dict(net=to_ostrack(file.tensors, left_out), net_type='OSTrack', epoch=0)
        renamed = content['net']
    else:
        renamed, model, left_out = from_ostrack(file.tensors)
        content = dict(
            state_dict=renamed, meta=dict(converted_from='ostrack', model=model, left_out=left_out)
        )
    _write(content, target)
    return (
        f'{source} ({file.kind}): {len(renamed)} tensors renamed from {origin} to {to}, '
        f'{len(left_out)} that no forward reads kept aside {sorted(left_out)}; written to {target}'
    )


def _write(content: Dict[str, Any], target: Path) -> None:
    import io

    import torch

    from mmeatrack.files.atomic import write_atomically

    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_atomically(target, buffer.getvalue())


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Convert; return the exit status."""
    args = parse_args(argv)
    from mmeatrack.files.outputs import claimed_outputs

    outputs = dict(tool='convert_checkpoint.py', overwrite=args.overwrite)
    try:
        with claimed_outputs([args.target], [args.source], **outputs):
            print(convert(args.source, args.target, args.origin, args.to))
    except (OSError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
