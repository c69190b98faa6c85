"""Publish a trained tracker: one file with its weights, config, versions and scores.

  python tools/publish_model.py CONFIG work_dirs/x/epoch_300_student.pth --out models/student \\
      --fact data='LaSOT, GOT-10k' success=66.1

Of a distillation's config and checkpoint the student is taken. Optimizer, message hub, teacher and
adapters stay behind. The file's name ends in the first digits of its SHA-256; mmtrack's test script
takes it as any checkpoint, and load_tracker as it is.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

PRECISIONS = ('float32', 'float16')


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=Path, help='config of the tracker or of its distillation')
    parser.add_argument('checkpoint', type=Path, help='its weights')
    parser.add_argument(
        '--out',
        type=Path,
        required=True,
        help='folder and name without suffix; -HASH and the suffix are added',
    )
    parser.add_argument(
        '--format',
        choices=('safetensors', 'pth'),
        default='safetensors',
        help='of the file (default: %(default)s)',
    )
    parser.add_argument(
        '--precision',
        choices=PRECISIONS,
        default=PRECISIONS[0],
        help='of the weights in the file (default: %(default)s)',
    )
    parser.add_argument(
        '--fact',
        nargs='+',
        default=[],
        metavar='NAME=TEXT',
        help='what to say of it: data, licences, scores ...',
    )
    return parser.parse_args(argv)


def publish_checkpoint(args: argparse.Namespace) -> Path:
    """Publish; return the file."""
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
    weights = _student_weights(read_weights_file(args.checkpoint).tensors)
    tracker.load_state_dict(weights, strict=True)
    facts: Dict[str, Any] = dict(item.split('=', 1) for item in args.fact)
    facts.update(
        config=args.config.name,
        checkpoint=args.checkpoint.name,
        mmeatrack=mmeatrack.__version__,
        torch=torch.__version__,
    )
    target = args.out.with_name(f'{args.out.name}.{args.format}')
    return publish(model, tracker.state_dict(), facts, target, getattr(torch, args.precision))


def _student_weights(weights: Dict[str, Any]) -> Dict[str, Any]:
    """Those of the student, without its prefix, if the checkpoint is of a distillation."""
    prefix = 'architecture.'
    student = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
    return student or weights


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Publish; return the exit status."""
    args = parse_args(argv)
    wrong = [item for item in args.fact if '=' not in item]
    if wrong:
        print(f'--fact {wrong[0]}: give NAME=TEXT.', file=sys.stderr)
        return 2
    try:
        print(publish_checkpoint(args))
    except (OSError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
