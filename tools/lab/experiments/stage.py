"""Stages: commands that are run once, with a progress bar, a log and a mark when they are done."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Pattern, Sequence

from tqdm import tqdm

from mmeatrack.files.atomic import write_atomically

_BAR = '{desc:<26}{percentage:3.0f}%|{bar:25}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}]{postfix}'
MARK_NAME = 'stage.json'
_TAIL = 25  # lines of a failed command's output that are shown


class StageError(RuntimeError):
    """Failure of a stage's command; the message ends with its output and the way to go on."""


@dataclass(frozen=True)
class Stage:
    """One step of an experiment.

    Attributes:
        name: Shown beside the progress bar.
        command: The command, run in the current folder.
        folder: Its own folder, for its output, its log and the mark of its end.
        progress: Finds ``(step, steps, rest of the line)`` in a line of its output.
        inputs: Files that it depends on; it is run anew when one changes.
        after: Stages whose results it uses; it is run anew when one was.
        resume: Arguments that continue it, once it has left ``last_checkpoint`` in its folder.
        threads: Threads it may use.
    """

    name: str
    command: Sequence[str]
    folder: Path
    progress: Optional[Pattern[str]] = None
    inputs: Sequence[Path] = ()
    after: Sequence['Stage'] = field(default=())
    resume: Sequence[str] = ()
    threads: int = 1

    @property
    def log(self) -> Path:
        """File with the command's output."""
        return self.folder / 'output.log'

    @property
    def fingerprint(self) -> str:
        """Hash of the command, its inputs and the stages before it."""
        digest = hashlib.sha256(json.dumps([str(word) for word in self.command]).encode())
        for path in sorted(self.inputs):
            digest.update(path.read_bytes())
        for stage in self.after:
            digest.update(stage.fingerprint.encode())
        return digest.hexdigest()

    @property
    def finished(self) -> bool:
        """True if the stage has ended well with this fingerprint."""
        return self._mark.get('fingerprint') == self.fingerprint and 'seconds' in self._mark

    @property
    def seconds(self) -> float:
        """Duration of the finished stage."""
        return float(self._mark['seconds'])

    @property
    def _mark(self) -> Dict[str, Any]:
        path = self.folder / MARK_NAME
        return json.loads(path.read_text()) if path.is_file() else {}

    def start(self) -> List[str]:
        """Prepare the folder and return the command to run: from the beginning, or to resume.

        Raises:
            StageError: If the folder holds files that no stage wrote.
        """
        if is_foreign(self.folder):
            raise StageError(
                f'{self.folder} holds files that {self.name!r} did not write: give another folder, '
                'or remove it.'
            )
        if self._mark.get('fingerprint') != self.fingerprint:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_mark(dict(fingerprint=self.fingerprint))
        resumable = self.resume and (self.folder / 'last_checkpoint').is_file()
        return [*map(str, self.command), *(self.resume if resumable else ())]

    def finish(self, seconds: float) -> None:
        """Mark the stage as finished."""
        self._write_mark(dict(fingerprint=self.fingerprint, seconds=round(seconds, 1)))

    def _write_mark(self, mark: Dict[str, Any]) -> None:
        write_atomically(self.folder / MARK_NAME, json.dumps(mark))


def is_foreign(folder: Path) -> bool:
    """True if a stage's place holds something that no stage wrote."""
    if not folder.is_dir():
        return folder.exists()
    return not (folder / MARK_NAME).is_file() and any(folder.iterdir())


def run_stages(stages: Sequence[Stage], parallel: int = 1) -> None:
    """Run the stages that are not finished; at most ``parallel`` at a time.

    Args:
        stages: Independent of each other; what they come ``after`` must be finished.
        parallel: Commands at a time.

    Raises:
        StageError: If a command fails. The others are finished first.
    """
    waiting = []
    for stage in stages:
        if stage.finished:
            tqdm.write(f'{stage.name}: finished before, {stage.seconds:.0f} s')
        else:
            waiting.append(stage)
    with ThreadPoolExecutor(max_workers=parallel) as pool, _bar_of_all(waiting, parallel) as bar:
        futures = [pool.submit(_run, stage, i % parallel) for i, stage in enumerate(waiting)]
        for future in futures:
            future.add_done_callback(lambda _: bar.update())
        wait(futures)
    for future in futures:
        future.result()


def _bar_of_all(stages: Sequence[Stage], parallel: int) -> tqdm:
    """A bar that counts stages, below those of the ones that run; hidden where it adds nothing."""
    return tqdm(
        desc=f'all {len(stages)} of these',
        total=len(stages),
        position=parallel,
        bar_format=_BAR,
        disable=len(stages) <= parallel,
    )


def _run(stage: Stage, position: int) -> None:
    command = stage.start()
    environment = dict(
        os.environ,
        OMP_NUM_THREADS=str(stage.threads),
        # Threads that wait for another sleep, where they would spin beside loaders and neighbours.
        OMP_WAIT_POLICY='PASSIVE',
        PYTHONUNBUFFERED='1',
    )
    began = time.time()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
        errors='replace',
    )
    try:
        tail = _follow(process, stage, position)
    finally:
        if process.poll() is None:
            process.terminate()
    if process.wait() != 0:
        raise StageError(
            f'{stage.name} failed with exit status {process.returncode}. The end of {stage.log}:\n'
            + '\n'.join([*tail, 'What is finished is kept: run the same command to go on.'])
        )
    stage.finish(time.time() - began)


def _follow(process: 'subprocess.Popen[str]', stage: Stage, position: int) -> List[str]:
    """Write the output to the log and show its progress; returns its last lines."""
    assert process.stdout is not None
    tail: List[str] = []
    interval = 0.2 if sys.stderr.isatty() else 10.0
    with stage.log.open('a') as log, tqdm(
        desc=stage.name, position=position, mininterval=interval, bar_format=_BAR, total=1
    ) as bar:
        for line in process.stdout:
            log.write(line)
            log.flush()
            tail = [*tail[-_TAIL:], line.rstrip()]
            _show(bar, stage, line)
        bar.update(bar.total - bar.n)
    return tail


def _show(bar: tqdm, stage: Stage, line: str) -> None:
    found = stage.progress.search(line) if stage.progress else None
    if found is None:
        return
    bar.total = int(found['steps'])
    bar.set_postfix_str((found['rest'] or '').strip()[:50], refresh=False)
    bar.update(int(found['step']) - bar.n)
