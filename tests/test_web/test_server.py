"""Addresses of the server: only a session's result files are served."""

from pathlib import Path

import pytest

pytest.importorskip('gradio', reason='needs pip install mmeatrack[web]')
pytestmark = pytest.mark.slow  # Gradio takes seconds to import


def test_results_need_the_token_and_a_known_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fastapi.testclient import TestClient

    from mmeatrack.web import server
    from mmeatrack.web.session import Sessions

    monkeypatch.setenv('GRADIO_TEMP_DIR', '')  # restored afterwards
    made = []
    monkeypatch.setattr(server, 'Sessions', lambda path: made.append(Sessions(path)) or made[0])
    with server.web_app(None, root=tmp_path) as app:
        client = TestClient(app)
        session = made[0].get('tab')
        (session.folder / 'tracked.txt').write_text('1,1\n')
        (session.folder / 'other.txt').write_text('')

        def status(path: str) -> int:
            return client.get(path).status_code

        assert client.get(f'/results/{session.token}/0/tracked.txt').text == '1,1\n'
        assert status('/results/wrong/0/tracked.txt') == 404
        assert status(f'/results/{session.token}/0/other.txt') == 404
        assert status(f'/results/{session.token}/0/tracked.mp4') == 404
        assert status(f'/results/{session.token}/0/..%2Ftracked.txt') == 404
        assert status(f'/gradio_api/file={session.folder / "tracked.txt"}') == 403
        assert status('/gradio_api/file=/etc/passwd') == 403
    assert list(tmp_path.iterdir()) == []
