"""Try a tracker in the browser: choose a video, draw boxes, watch, download.

Needs Python 3.10 or newer and pip install mmeatrack[web]. Uploads are decoded in a separate process
with limits on size and time. A visitor's files are deleted when the tab is closed.
"""

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

from mmeatrack.files.command_line import at_least, run_tool, tool_parser

EXAMPLES = """examples:
  # the shipped tracker, on http://127.0.0.1:7860
  python tools/web_demo.py
  # your own tracker, for the whole network: anyone who can reach the port can upload
  python tools/web_demo.py --config CONFIG.py --checkpoint STUDENT.pth --host 0.0.0.0
"""


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__, EXAMPLES)
    add = parser.add_argument
    add('--config', default='eatrack_nano', help='config of the tracker (default: %(default)s)')
    add('--checkpoint', help='its weights')
    add('--device', help='cpu, cuda:0 ... (default: a GPU if there is one)')
    add('--host', default='127.0.0.1', help='address to listen on (default: this machine only)')
    add('--port', type=int, default=7860, help='port to listen on (default: %(default)s)')
    add(
        '--max-upload',
        type=at_least(1),
        default=200,
        metavar='MIB',
        help='largest upload (default: %(default)s)',
    )
    add(
        '--max-frames',
        type=at_least(2),
        default=1800,
        help='longest upload (default: %(default)s)',
    )
    add('--temp', type=Path, help="folder for temporary files (default: the system's)")
    return parser.parse_args(argv)


def serve(args: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C."""
    try:
        import uvicorn

        from mmeatrack.apis import load_tracker
        from mmeatrack.web.decode import UploadLimits
        from mmeatrack.web.server import web_app
    except ImportError as error:
        raise ImportError(f'{error}. Is it installed? pip install mmeatrack[web]') from error
    model = load_tracker(args.config, args.checkpoint, args.device)
    limits = UploadLimits(max_bytes=args.max_upload << 20, max_frames=args.max_frames)
    with web_app(model, limits, args.temp) as app:
        print(f'http://{args.host}:{args.port}', flush=True)
        uvicorn.run(app, host=args.host, port=args.port, log_level='warning')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(serve, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
