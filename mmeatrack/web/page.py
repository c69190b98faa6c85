"""Layout and events of the page."""

import base64
import html
import secrets
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Optional, Tuple

import cv2
import gradio as gr

from mmeatrack.visualization import missing_h264
from mmeatrack.web.clips import SAMPLES, Clip, sample_clip, uploaded_clip
from mmeatrack.web.curve import score_curve
from mmeatrack.web.decode import UploadLimits
from mmeatrack.web.results import RESULTS, picture, scores_by_target, write_results
from mmeatrack.web.session import Session, Sessions

_NEW = 'a new target'
_SECONDS_BETWEEN = 0.25  # between pictures of a run
_LABELS = dict(zip(RESULTS, ('Video', 'Boxes', 'Status')))
_STAGE_CSS = """
canvas { width: 100%; display: block; cursor: crosshair; touch-action: none; border-radius: 8px; }
.hint { display: none; }
&.empty canvas { display: none; }
&.empty .hint { display: flex; aspect-ratio: 4 / 3; align-items: center; justify-content: center;
  border: 2px dashed var(--border-color-primary); border-radius: 8px;
  color: var(--body-text-color-subdued); }
"""
_STAGE = '<canvas></canvas><div class="hint">Choose a sample or upload a video</div>'
_INTRO = """# EATrack
Choose a video, drag a box around each target in any frame, and press **Track**. You can also draw
boxes in later frames, as further targets or as new views of a target."""
CSS = '.gradio-container { max-width: 1280px !important; } footer { display: none !important; }'

Update = Tuple[Any, ...]


class Page:
    """Events of the page, each for the session of the tab that sends it.

    ``samples`` is the folder of the samples, ``uploads`` the one into which Gradio writes uploads.
    """

    def __init__(
        self, model: Any, sessions: Sessions, samples: Path, uploads: Path, limits: UploadLimits
    ) -> None:
        self.model, self.sessions = model, sessions
        self.samples, self.uploads, self.limits = samples, uploads.resolve(), limits

    def build(self) -> gr.Blocks:
        """Build the layout and connect the events."""
        most = f'{self.limits.max_bytes / 2**20:g} MiB, {self.limits.max_frames} frames'
        with gr.Blocks(title='EATrack', analytics_enabled=False) as blocks:
            gr.Markdown(_INTRO)
            with gr.Row():
                with gr.Column(scale=3):
                    stage = gr.HTML(
                        html_template=_STAGE,
                        css_template=_STAGE_CSS,
                        js_on_load=Path(__file__).with_name('stage.js').read_text('utf-8'),
                        elem_id='stage',
                    )
                    frame = gr.Slider(0, 1, 0, step=1, label='Frame', interactive=True)
                    target = gr.Radio([_NEW], value=_NEW, label='A drawn box is')
                    with gr.Row():
                        track = gr.Button('Track', variant='primary')
                        pause = gr.Button('Pause')
                        clear = gr.Button('Clear boxes')
                with gr.Column(scale=2):
                    sample = gr.Radio(list(SAMPLES), label='Sample, generated on demand')
                    upload = gr.File(
                        label=f'Your video (at most {most})', file_types=['video'], height=180
                    )
                    says = gr.Markdown('', elem_id='says')
                    curve = gr.HTML(score_curve({}, 1), elem_id='curve')
                    results = gr.HTML('', elem_id='results')
            view = [stage, frame, target, curve, results, says]
            # The model serves one event at a time.
            alone = dict(concurrency_id='model', concurrency_limit=1)
            sample.input(self.choose, sample, view, concurrency_limit=4)
            # Gradio's preprocessing of the file would leave an empty file behind.
            taken = upload.upload(self.upload, upload, view, preprocess=False, concurrency_limit=2)
            taken.then(lambda: None, None, upload)
            frame.input(self.show, frame, stage, show_progress='hidden', trigger_mode='always_last')
            stage.select(self.draw, [frame, target], [stage, target, says], show_progress='hidden')
            track.click(self.track, frame, view, show_progress='minimal', **alone)
            pause.click(self.pause, None, None, queue=False)
            clear.click(self.clear, frame, view, show_progress='hidden')
            blocks.unload(self.leave)
        blocks.queue(max_size=32)
        return blocks

    def choose(self, name: str, request: gr.Request, progress: Any = gr.Progress()) -> Update:  # noqa: B008
        """Open a sample."""
        session = self._session(request)

        def report(done: int, total: int) -> None:
            progress((done, total), desc='Generating the sample', unit='frames')

        return self._open(session, sample_clip(name, self.samples, report))

    def upload(self, sent: Any, request: gr.Request) -> Update:
        """Open an upload; Gradio's copy of it is removed."""
        session = self._session(request)
        try:
            with _shown_errors():
                given = Path(sent['path']).resolve()
                if self.uploads not in given.parents or not given.is_file():
                    raise ValueError('This file was not uploaded here. Send it again.')
                folder = session.folder / secrets.token_hex(4)
                clip = uploaded_clip(given, given.stem[:60], folder, self.limits)
                return self._open(session, clip)
        finally:
            if session.is_closed:  # the tab was closed while its video was decoded
                session.close()

    def show(self, number: int, request: gr.Request) -> Optional[str]:
        """Show a frame."""
        session = self._session(request)
        last = len(session.clip.frames) - 1
        return None if last < 0 else _as_url(session, min(int(number), last))

    def draw(self, number: int, target: str, drawn: gr.EventData, request: gr.Request) -> Update:
        """Add a drawn box."""
        session = self._session(request)
        with _shown_errors():
            height, width = session.image(number).shape[:2]
            box = (drawn.x * width, drawn.y * height, drawn.w * width, drawn.h * height)
            session.mark(number, box, None if target == _NEW else int(target.split()[-1]))
        return _as_url(session, number), _targets(session), _state(session)

    def track(self, number: int, request: gr.Request) -> Iterator[Update]:
        """Track to the end or until it is paused, then write the files."""
        session = self._session(request)
        shown, began, count = 0.0, time.monotonic(), 0
        try:
            for number in session.run(self.model):
                count += 1
                now = session.seen = time.monotonic()
                if now - shown >= _SECONDS_BETWEEN:
                    shown = now
                    speed = f'{count / (now - began):.1f} frames per second'
                    says = f'Frame {number} of {len(session.clip.frames) - 1}, {speed}'
                    yield self._view(session, number, '', says)
            if not session.tracks:  # the boxes or the clip were changed meanwhile
                return
            yield self._view(session, number, '', 'Writing the video ...')
            write_results(session)
        except (ValueError, RuntimeError, OSError) as error:
            if session.is_closed:
                return
            raise gr.Error(str(error), print_exception=False) from error
        yield self._view(session, session.position, _links(session), _state(session))

    def pause(self, request: gr.Request) -> None:
        """End a run; the next one continues it."""
        self._session(request).pause()

    def clear(self, number: int, request: gr.Request) -> Update:
        """Delete boxes and tracks."""
        session = self._session(request)
        session.pause()
        with session.lock:
            session.clear()
        if not session.clip.frames:
            return (gr.skip(),) * 6
        return self._view(session, number, '', _state(session))

    def leave(self, request: gr.Request) -> None:
        """End the session of a tab that is closed or reloaded."""
        self.sessions.close(str(request.session_hash))

    def _session(self, request: gr.Request) -> Session:
        with _shown_errors():
            return self.sessions.get(str(request.session_hash))

    def _open(self, session: Session, clip: Clip) -> Update:
        session.open(clip)
        last = len(clip.frames) - 1
        stage, _, *others = self._view(session, 0, '', _state(session))
        return (stage, gr.Slider(0, max(last, 1), 0, label=f'Frame, 0 to {last}'), *others)

    @staticmethod
    def _view(session: Session, number: int, results: str, says: str) -> Update:
        last = len(session.clip.frames) - 1
        number = min(int(number), last)  # the clip may have changed during a run
        curve = score_curve(scores_by_target(session), last)
        return _as_url(session, number), number, _targets(session), curve, results, says


@contextmanager
def _shown_errors() -> Iterator[None]:
    """Show errors of the visitor's input on the page instead of the server's log."""
    try:
        yield
    except (ValueError, AttributeError, TypeError, LookupError) as error:
        raise gr.Error(str(error), print_exception=False) from error


def _as_url(session: Session, number: int) -> str:
    """Encode the picture of a frame in its address, so that no file is needed."""
    jpeg = cv2.imencode('.jpg', picture(session, number), [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    return f'data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode("ascii")}'


def _targets(session: Session) -> gr.Radio:
    views = [f'a new view of target {key}' for key in session.ids]
    return gr.Radio([_NEW, *views], value=_NEW)


def _state(session: Session) -> str:
    if not session.clip.frames:
        return ''
    name, frames, _, note = session.clip
    said = f'**{html.escape(name)}**: {len(frames)} frames. {note} '
    if not session.ids:
        return f'{said}Drag a box around a target.'
    if session.position < 0:
        return f'{said}{len(session.ids)} target(s). Press Track, or draw more.'
    return f'{said}Tracked to frame {session.position}.'


def _links(session: Session) -> str:
    """Player and links; the addresses hold the session's token."""
    stamp = f'{session.token}/{time.monotonic_ns()}'
    links = ' · '.join(
        f'<a href="results/{stamp}/{name}" download="{name}">{label}</a>'
        for name, label in _LABELS.items()
    )
    reason = missing_h264()
    player = f'<video src="results/{stamp}/{RESULTS[0]}" controls muted style="width:100%"></video>'
    if reason is not None:
        player = f'<p>The video is MPEG-4, which browsers do not play: {reason}.</p>'
    return f'{player}<p>Download: {links}</p>'
