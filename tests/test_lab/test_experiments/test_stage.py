import json
import re
import sys
from pathlib import Path

import pytest

from lab.experiments import Stage, StageError, run_stages

PROGRESS = re.compile(r'step (?P<step>\d+) of (?P<steps>\d+)(?P<rest>.*)')


def stage(folder: Path, code: str, **kwargs: object) -> Stage:
    return Stage('a stage', [sys.executable, '-c', code], folder, progress=PROGRESS, **kwargs)


def count(path: Path) -> str:
    """Code that appends a letter to a file."""
    return f"open({str(path)!r}, 'a').write('x')"


def test_a_finished_stage_is_not_run_again(tmp_path: Path) -> None:
    runs = tmp_path / 'runs'
    first = stage(tmp_path / 'stage', f"{count(runs)}; print('step 2 of 2')")
    assert not first.finished
    run_stages([first])
    run_stages([first])
    assert runs.read_text() == 'x'
    assert first.finished
    assert first.seconds >= 0
    assert first.log.read_text() == 'step 2 of 2\n'


@pytest.mark.parametrize('change', ['command', 'input', 'stage before'])
def test_a_change_runs_it_again(tmp_path: Path, change: str) -> None:
    runs, given = tmp_path / 'runs', tmp_path / 'given.py'
    given.write_text('a = 1')
    before = stage(tmp_path / 'before', 'pass')
    run_stages([stage(tmp_path / 'stage', count(runs), inputs=[given], after=[before])])
    code = count(runs)
    if change == 'command':
        code += '; pass'
    elif change == 'input':
        given.write_text('a = 2')
    else:
        before = stage(tmp_path / 'before', 'pass; pass')
    run_stages([stage(tmp_path / 'stage', code, inputs=[given], after=[before])])
    assert runs.read_text() == 'xx'


def test_a_failure_shows_the_end_of_the_output(tmp_path: Path) -> None:
    failing = stage(tmp_path / 'stage', "print('the reason'); raise SystemExit(3)")
    with pytest.raises(StageError, match=r'(?s)a stage failed with exit status 3.*the reason'):
        run_stages([failing])
    assert not failing.finished


def test_a_failure_does_not_stop_the_others(tmp_path: Path) -> None:
    good = stage(tmp_path / 'good', 'import time; time.sleep(0.3)')
    with pytest.raises(StageError):
        run_stages([stage(tmp_path / 'bad', 'raise SystemExit(1)'), good], parallel=2)
    assert good.finished


def test_an_interrupted_stage_resumes_from_its_checkpoint(tmp_path: Path) -> None:
    code = "import sys; print(sys.argv[1:]); raise SystemExit(0 if '--resume' in sys.argv else 1)"
    interrupted = stage(tmp_path / 'stage', code, resume=('--resume',))
    with pytest.raises(StageError):
        run_stages([interrupted])  # no checkpoint yet: from the beginning
    (tmp_path / 'stage' / 'last_checkpoint').write_text('iter_2.pth')
    run_stages([interrupted])
    assert interrupted.log.read_text() == "[]\n['--resume']\n"


def test_files_of_another_command_are_removed(tmp_path: Path) -> None:
    run_stages([stage(tmp_path / 'stage', 'pass')])
    (tmp_path / 'stage' / 'last_checkpoint').write_text('of another run')
    run_stages([stage(tmp_path / 'stage', 'pass; pass', resume=('--resume',))])
    assert not (tmp_path / 'stage' / 'last_checkpoint').exists()


@pytest.mark.parametrize('content', ['notes.txt', 'epoch_3.pth'])
def test_a_folder_of_other_origin_is_left_alone(tmp_path: Path, content: str) -> None:
    mine = tmp_path / 'teacher' / content
    mine.parent.mkdir()
    mine.write_text('mine')
    with pytest.raises(StageError, match=r"teacher holds files that 'a stage' did not write"):
        run_stages([stage(tmp_path / 'teacher', 'pass')])
    assert mine.read_text() == 'mine'
    assert list(mine.parent.iterdir()) == [mine]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / 'stage').mkdir()
    empty = stage(tmp_path / 'stage', 'pass')
    run_stages([empty])
    assert empty.finished


def test_the_mark_is_json_with_fingerprint_and_seconds(tmp_path: Path) -> None:
    done = stage(tmp_path / 'stage', 'pass')
    run_stages([done])
    mark = json.loads((tmp_path / 'stage' / 'stage.json').read_text())
    assert mark == {'fingerprint': done.fingerprint, 'seconds': done.seconds}
