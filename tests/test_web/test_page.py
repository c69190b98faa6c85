"""The page in a real browser: draw, track, pause, download, leave."""

import re
import shutil
import threading
import time
from pathlib import Path
from typing import Any, Iterator, List

import cv2
import numpy as np
import pytest

from mmeatrack.synthetic import SequenceSpec
from mmeatrack.synthetic.crowd_annotation import annotate_crowd
from mmeatrack.synthetic.plan import plan_sequence

pytest.importorskip('gradio', reason='needs pip install mmeatrack[web]')
playwright = pytest.importorskip('playwright.sync_api', reason='needs pip install playwright')
CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason='needs chromium: apt-get install chromium'),
]
MINUTE = 60_000


@pytest.fixture(scope='module')
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bright square moving over noise, 24 frames of 320x240 px."""
    path = tmp_path_factory.mktemp('upload') / 'square.mp4'
    ground = np.random.default_rng(0).integers(60, 120, (240, 320, 3)).astype(np.uint8)
    ground = cv2.GaussianBlur(ground, (0, 0), 3)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 12, (320, 240))
    for number in range(24):
        frame = ground.copy()
        x = 60 + 4 * number
        frame[100:130, x : x + 30] = (40, 200, 250)
        frame[110:120, x + 10 : x + 20] = (200, 40, 40)
        writer.write(frame)
    writer.release()
    return path


@pytest.fixture(scope='module')
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Address of the page, and the folder that it writes to."""
    import uvicorn

    from mmeatrack.apis import load_tracker
    from mmeatrack.web.decode import UploadLimits
    from mmeatrack.web.server import web_app
    from tests.forks import free_port

    root, port = tmp_path_factory.mktemp('root'), free_port()
    with web_app(load_tracker('eatrack_nano'), UploadLimits(max_bytes=1 << 20), root) as app:
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level='error'))
        thread = threading.Thread(target=server.run)
        thread.start()
        yield f'http://127.0.0.1:{port}', root
        server.should_exit = server.force_exit = True
        thread.join()
    assert list(root.iterdir()) == []


@pytest.fixture
def page(served: Any) -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        opened = browser.new_page(viewport=dict(width=1280, height=900))
        opened.set_default_timeout(2 * MINUTE)
        opened.route(lambda url: not url.startswith(served[0]), lambda route: route.abort())
        opened.goto(served[0], wait_until='domcontentloaded')
        yield opened
        browser.close()


_STAGE_IS_FILLED = (
    "document.querySelector('#stage canvas')?.width > 300 && "
    "document.querySelector('#stage canvas').clientWidth > 0"
)
_CURVE_POINTS = "document.querySelector('#curve polyline')?.points.length"


def drag(page: Any, x: float, y: float, w: float, h: float) -> None:
    """Draw a box given in fractions of the picture."""
    canvas = page.locator('#stage canvas')
    canvas.scroll_into_view_if_needed()
    area = canvas.bounding_box()
    page.mouse.move(area['x'] + x * area['width'], area['y'] + y * area['height'])
    page.mouse.down()
    page.mouse.move(
        area['x'] + (x + w) * area['width'], area['y'] + (y + h) * area['height'], steps=4
    )
    page.mouse.up()


def wait_for_text(page: Any, text: str) -> None:
    page.get_by_text(re.compile(text)).first.wait_for()


def download(page: Any, name: str, path: Path) -> Path:
    with page.expect_download() as started:
        page.get_by_role('link', name=name).click()
    started.value.save_as(path)
    return path


def files_of(root: Path) -> List[str]:
    return sorted(path.name for path in root.rglob('*') if path.is_file())


def test_draw_track_and_download(page: Any, served: Any, video: Path, tmp_path: Path) -> None:
    root = served[1]
    page.get_by_text('Your video').wait_for()
    page.set_input_files('input[type=file]', str(video))
    page.wait_for_function(_STAGE_IS_FILLED)
    drag(page, 60 / 320, 100 / 240, 30 / 320, 30 / 240)
    wait_for_text(page, 'Press Track')

    page.get_by_role('button', name='Track', exact=True).click()
    wait_for_text(page, 'frames per second')
    page.wait_for_function(f'{_CURVE_POINTS} > 1')
    wait_for_text(page, 'Tracked to frame 23')
    assert page.evaluate(_CURVE_POINTS) == 23  # the first frame has no score
    assert page.locator('#curve polyline').bounding_box()['width'] > 300

    assert 'square.mp4' not in files_of(root)  # the upload itself is not kept
    rows = np.loadtxt(download(page, 'Boxes', tmp_path / 'boxes.txt'), delimiter=',')
    assert rows.shape == (24, 10)
    np.testing.assert_allclose(rows[0, :6], [1, 1, 60, 100, 30, 30], atol=1)
    np.testing.assert_allclose(rows[-1, 2] + rows[-1, 4] / 2, 60 + 4 * 23 + 15, atol=12)

    tracked = download(page, 'Video', tmp_path / 'tracked.mp4')
    capture = cv2.VideoCapture(str(tracked))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 24
    assert capture.get(cv2.CAP_PROP_FPS) == 12
    assert b'avc1' in tracked.read_bytes()

    drag(page, 0.5, 0.2, 0.1, 0.15)  # one more target, in the last frame
    wait_for_text(page, 'new view of target 2')
    page.close()
    deadline = time.monotonic() + 60
    while files_of(root) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert files_of(root) == []


def test_sample_with_three_targets_is_tracked_until_paused(
    page: Any, served: Any, tmp_path: Path
) -> None:
    plan = plan_sequence(SequenceSpec('page', 0, 'static', 60, (480, 360), targets=3))
    truth = annotate_crowd(plan).boxes  # (3, 60, 4)
    page.get_by_label('Three at once').click()
    page.wait_for_function(_STAGE_IS_FILLED)
    for number, (x, y, w, h) in enumerate(truth[:, 0], start=1):
        drag(page, x / 480, y / 360, w / 480, h / 360)
        wait_for_text(page, rf'{number} target\(s\)')

    page.get_by_role('button', name='Track', exact=True).click()
    page.wait_for_function(f'{_CURVE_POINTS} > 5')
    page.get_by_role('button', name='Pause').click()
    wait_for_text(page, 'Tracked to frame')
    assert page.locator('#curve polyline').count() == 3
    rows = np.loadtxt(download(page, 'Boxes', tmp_path / 'boxes.txt'), delimiter=',')
    last = rows[-3:, :6]
    assert last[:, 1].tolist() == [1, 2, 3]
    expected = truth[:, int(last[0, 0]) - 1]
    errors = np.abs(last[:, 2:4] + last[:, 4:] / 2 - expected[:, :2] - expected[:, 2:] / 2)
    assert (errors < expected[:, 2:] / 2).all()
