"""Convert a checkpoint to this package's names, or a tracker back to OSTrack's.

  python tools/convert_checkpoint.py OSTrack_ep0300.pth.tar teacher.pth
  python tools/convert_checkpoint.py teacher.pth ostrack.pth --to ostrack
  python tools/convert_checkpoint.py deit_tiny.pth start.pth --config configs/eatrack/STUDENT.py
  python tools/convert_checkpoint.py epoch_300.pth student.pth --from mmrazor

No code in the files is run. An OSTrack tracker is written with its config, derived from the shapes,
in meta.model; candidate elimination has no weights and is not used here. A classifier (deit, timm,
mmpretrain) becomes a backbone, for backbone.pretrained: that of the tracker in --config, with the
layers that its backbone.pretrained_layers selects, or without --config one of joint layers only.
From a distillation (mmrazor) the student is taken.
"""

import argparse
import io
import sys
from pathlib import Path
from typing import Optional, Sequence

from mmeatrack.files.atomic import write_atomically
from mmeatrack.files.command_line import add_overwrite, run_tool, tool_parser
from mmeatrack.files.outputs import claimed_outputs


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__)
    add = parser.add_argument
    add('source', type=Path, help='checkpoint: .pth, .pth.tar, .safetensors')
    add('target', type=Path, help='file to write')
    add(
        '--from',
        dest='origin',
        choices=('auto', 'ostrack', 'deit', 'timm', 'mmpretrain', 'mmrazor', 'mmeatrack'),
        default='auto',
        help='naming scheme of the source (default: %(default)s)',
    )
    add(
        '--to',
        choices=('mmeatrack', 'ostrack'),
        default='mmeatrack',
        help='naming scheme of the target (default: %(default)s)',
    )
    add('--config', type=Path, help='tracker or distillation that gets the classifier as backbone')
    add_overwrite(parser)
    return parser.parse_args(argv)


def convert(args: argparse.Namespace) -> None:
    """Convert the file and print a report."""
    import torch
    from mmengine.config import Config

    from mmeatrack.conversion import convert_checkpoint, read_weights_file

    outputs = dict(tool='convert_checkpoint.py', overwrite=args.overwrite)
    with claimed_outputs([args.target], [args.source], **outputs):
        file = read_weights_file(args.source)
        backbone = None
        if args.config is not None:
            model = Config.fromfile(args.config).model
            backbone = model.get('architecture', model).backbone.to_dict()
        try:
            converted = convert_checkpoint(file, args.origin, args.to, backbone)
        except ValueError as error:
            raise ValueError(f'{args.source} ({file.kind}): {error}') from error
        buffer = io.BytesIO()
        torch.save(converted.content, buffer)
        write_atomically(args.target, buffer.getvalue())
    print(f'{args.source} ({file.kind}): {converted.report}; written to {args.target}')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
