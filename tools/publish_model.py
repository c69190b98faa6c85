"""Publish a trained tracker: one file with its weights, config, versions and scores.

  python tools/publish_model.py CONFIG work_dirs/x/epoch_300_student.pth --out models/student \\
      --fact data='LaSOT, GOT-10k' success=66.1

From a distillation only the student is published. Optimizer, message hub, teacher and adapters are
left out. The file name ends in the first digits of the file's SHA-256. mmtrack's test script takes
the file as a checkpoint; load_tracker takes it without a config.
"""

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

from mmeatrack.files.command_line import run_tool, tool_parser


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__)
    add = parser.add_argument
    add('config', type=Path, help='config of the tracker or of its distillation')
    add('checkpoint', type=Path, help='its weights')
    add(
        '--out',
        type=Path,
        required=True,
        help='folder and name without suffix; -HASH and the suffix are appended',
    )
    add(
        '--format',
        choices=('safetensors', 'pth'),
        default='safetensors',
        help='file format (default: %(default)s)',
    )
    add(
        '--precision',
        choices=('float32', 'float16'),
        default='float32',
        help='type of the stored weights (default: %(default)s)',
    )
    add(
        '--fact',
        nargs='+',
        default=[],
        metavar='NAME=TEXT',
        help='facts to store: data, licences, scores ...',
    )
    args = parser.parse_args(argv)
    for fact in args.fact:
        if '=' not in fact:
            parser.error(f'--fact {fact}: give NAME=TEXT.')
    return args


def publish_checkpoint(args: argparse.Namespace) -> None:
    """Publish the tracker and print the path of its file."""
    import torch
    from mmengine.config import Config
    from mmtrack.utils import register_all_modules

    import mmeatrack
    from mmeatrack.conversion import publish, read_weights_file
    from mmeatrack.models.wrappers import find_tracker
    from mmeatrack.registry import MODELS

    model = Config.fromfile(args.config).model
    model = model.get('architecture', model).to_dict()
    register_all_modules(init_default_scope=False)
    tracker = find_tracker(MODELS.build(model))
    weights, prefix = read_weights_file(args.checkpoint).tensors, 'architecture.'
    student = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
    tracker.load_state_dict(student or weights, strict=True)
    facts = dict(fact.split('=', 1) for fact in args.fact)
    facts.update(
        config=args.config.name,
        checkpoint=args.checkpoint.name,
        mmeatrack=mmeatrack.__version__,
        torch=str(torch.__version__),
    )
    target = args.out.with_name(f'{args.out.name}.{args.format}')
    print(publish(model, tracker.state_dict(), facts, target, getattr(torch, args.precision)))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(publish_checkpoint, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
