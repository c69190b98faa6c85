"""Try a tracker in the browser: choose a video, draw boxes, watch, download.

Needs Python 3.10 and pip install mmeatrack[web]. Uploads are decoded in a process of their own,
with limits of size and time, and everything that a visitor leaves is removed with the tab.
"""

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

EXAMPLES = """examples:
  # the tracker that comes with the package, on http://127.0.0.1:7860
  python tools/web_demo.py
  # one of yours, for everybody in the network: anyone who reaches the port may upload
  python tools/web_demo.py --config CONFIG.py --checkpoint STUDENT.pth --host 0.0.0.0
"""


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--config', default='eatrack_nano', help='config of the tracker (default: %(default)s)'
    )
    parser.add_argument('--checkpoint', help='its weights')
    parser.add_argument('--device', help='cpu, cuda:0 ... (default: a GPU if there is one)')
    parser.add_argument(
        '--host', default='127.0.0.1', help='address to listen on (default: this machine alone)'
    )
    parser.add_argument('--port', type=int, default=7860, help='(default: %(default)s)')
    parser.add_argument(
        '--max-upload', type=int, default=200, metavar='MIB', help='(default: %(default)s)'
    )
    parser.add_argument(
        '--max-frames', type=int, default=1800, help='of an upload (default: %(default)s)'
    )
    parser.add_argument(
        '--temp', type=Path, help="folder for what is temporary (default: the system's)"
    )
    args = parser.parse_args(argv)
    if args.max_upload < 1 or args.max_frames < 2:
        parser.error('--max-upload and --max-frames: give at least 1 and 2')
    return args


def serve(args: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C."""
    import uvicorn

    from mmeatrack.apis import load_tracker
    from mmeatrack.web.decode import UploadLimits
    from mmeatrack.web.server import web_app

    model = load_tracker(args.config, args.checkpoint, args.device)
    limits = UploadLimits(max_bytes=args.max_upload << 20, max_frames=args.max_frames)
    with web_app(model, limits, args.temp) as app:
        print(f'http://{args.host}:{args.port}', flush=True)
        uvicorn.run(app, host=args.host, port=args.port, log_level='warning')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; errors of the input are one line."""
    args = parse_args(argv)
    try:
        serve(args)
    except ImportError as error:
        print(f'error: {error}. Is it installed? pip install mmeatrack[web]', file=sys.stderr)
        return 1
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
