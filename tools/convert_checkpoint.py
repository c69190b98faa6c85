"""Convert a checkpoint to this package's names, or a tracker back to OSTrack's.

  python tools/convert_checkpoint.py OSTrack_ep0300.pth.tar teacher.pth
  python tools/convert_checkpoint.py teacher.pth ostrack.pth --to ostrack
  python tools/convert_checkpoint.py deit_tiny.pth start.pth --config configs/eatrack/STUDENT.py
  python tools/convert_checkpoint.py epoch_300.pth student.pth --from mmrazor

Nothing in the files is run. A tracker of OSTrack is written with its config, derived from the
shapes, under meta.model; candidate elimination has no weights and is not used here. A classifier
(deit, timm, mmpretrain) becomes the backbone of the config's tracker, with the layers that its
backbone.pretrained_layers names, or without a config one of joint layers; the file is for
backbone.pretrained. Of a distillation (mmrazor) the student is taken.
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
        choices=('auto', 'ostrack', 'deit', 'timm', 'mmpretrain', 'mmrazor', 'mmeatrack'),
        default='auto',
        help='names in the source (default: %(default)s)',
    )
    parser.add_argument(
        '--to',
        choices=('mmeatrack', 'ostrack'),
        default='mmeatrack',
        help='names in the target (default: %(default)s)',
    )
    parser.add_argument(
        '--config',
        type=Path,
        help="config of the tracker or distillation whose backbone a classifier's weights are for",
    )
    parser.add_argument('--overwrite', action='store_true', help='replace a target of other origin')
    return parser.parse_args(argv)


def convert(args: argparse.Namespace) -> str:
    """Convert a file; return what was done."""
    from mmeatrack.conversion import convert_checkpoint, read_weights_file

    file = read_weights_file(args.source)
    backbone = None
    if args.config is not None:
        from mmengine.config import Config

        model = Config.fromfile(args.config).model
        backbone = model.get('architecture', model).backbone.to_dict()
    try:
        converted = convert_checkpoint(file, args.origin, args.to, backbone)
    except ValueError as error:
        raise ValueError(f'{args.source} ({file.kind}): {error}') from error
    _write(converted.content, args.target)
    return f'{args.source} ({file.kind}): {converted.report}; written to {args.target}'


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
            print(convert(args))
    except (OSError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
