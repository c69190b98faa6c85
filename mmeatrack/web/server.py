"""Server of the page: Gradio's part, and the result files of each session."""

import os
import shutil
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Optional

import fastapi
import gradio as gr
from fastapi.responses import FileResponse

from mmeatrack.web.decode import UploadLimits
from mmeatrack.web.page import CSS, Page
from mmeatrack.web.results import RESULTS
from mmeatrack.web.session import Sessions

_STRAY_SECONDS = 900.0  # a complete upload is moved at once


@contextmanager
def web_app(
    model: Any, limits: Optional[UploadLimits] = None, root: Optional[Path] = None
) -> Iterator[fastapi.FastAPI]:
    """Make the page's application, for ``uvicorn.run``, with a tracker of :func:`load_tracker`.

    All files are in a new folder in ``root``, by default the system's temporary folder. It is
    removed at the end.
    """
    limits = limits or UploadLimits()
    folder = Path(tempfile.mkdtemp(prefix='mmeatrack_web_', dir=root))
    uploads = folder / 'uploads'
    uploads.mkdir()
    os.environ['GRADIO_TEMP_DIR'] = str(uploads)
    sessions = Sessions(folder / 'sessions')
    done = threading.Event()
    try:
        blocks = Page(model, sessions, folder / 'samples', uploads, limits).build()
        threading.Thread(target=_clean_up, args=(uploads, sessions, done), daemon=True).start()
        yield gr.mount_gradio_app(
            _result_server(sessions),
            blocks,
            '/',
            max_file_size=limits.max_bytes,
            theme=gr.themes.Default(font=['system-ui', 'sans-serif'], font_mono=['monospace']),
            css=CSS,
            ssr_mode=False,
        )
    finally:
        done.set()
        sessions.close_all()
        shutil.rmtree(folder, ignore_errors=True)


def _result_server(sessions: Sessions) -> fastapi.FastAPI:
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get('/results/{token}/{stamp}/{name}')
    def result(token: str, stamp: str, name: str) -> FileResponse:
        """Serve a session's file to whoever has its token; ``stamp`` defeats caches."""
        session = sessions.by_token(token)
        if session is None or name not in RESULTS or not (session.folder / name).is_file():
            raise fastapi.HTTPException(404)
        return FileResponse(session.folder / name, headers={'Cache-Control': 'private'})

    return app


def _clean_up(uploads: Path, sessions: Sessions, done: threading.Event) -> None:
    """Remove idle sessions and aborted uploads, once a minute."""
    while not done.wait(60):
        sessions.close_idle()
        oldest = time.time() - _STRAY_SECONDS
        for path in uploads.rglob('*'):
            try:
                if path.is_file() and path.stat().st_mtime < oldest:
                    path.unlink()
            except FileNotFoundError:  # moved or removed in the meantime
                continue
