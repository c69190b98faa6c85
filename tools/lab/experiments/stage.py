"""Stages: commands that run once, with a progress bar, a log and a completion mark."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Deque, Dict, List, Optional, Pattern, Sequence

from tqdm import tqdm

from mmeatrack.files.atomic import write_atomically

MARK_NAME = 'stage.json'
TQDM_PROGRESS = re.compile(r'\|\s*(?P<step>\d+)/(?P<steps>\d+)\s*\[(?P<rest>)')
_BAR = '{desc:<26}{percentage:3.0f}%|{bar:25}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}]{postfix}'
_TAIL = 25  # lines of a failed command's output that are shown


class StageError(RuntimeError):
    """Failure of a stage; the message ends with the command's output and how to continue."""


@dataclass(frozen=True)
class Stage:
    """One step of an experiment.

    Attributes:
        name: Label of the progress bar.
        command: The command, run in the current folder.
        folder: Folder of this stage alone, for its output, log and completion mark.
        progress: Pattern of the groups ``step``, ``steps`` and ``rest`` in a line of the output.
        inputs: Files that it depends on; it is run again when one changes.
        after: Stages whose results it uses; it is run again when one of them was.
        resume: Arguments that continue it, once it has left ``last_checkpoint`` in its folder.
        threads: Threads that it may use.
    """

    name: str
    command: Sequence[str]
    folder: Path
    progress: Optional[Pattern[str]] = None
    inputs: Sequence[Path] = ()
    after: Sequence['Stage'] = ()
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
        """True if the stage succeeded with this fingerprint."""
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
        """Prepare the folder and return the command, with ``resume`` if it can be continued.

        Raises:
            StageError: If the folder holds files that no stage wrote.
        """
        mark = self.folder / MARK_NAME
        used = any(self.folder.iterdir()) if self.folder.is_dir() else self.folder.exists()
        if used and not mark.is_file():
            raise StageError(
                f'{self.folder} holds files that {self.name!r} did not write: give another '
                'folder, or remove this one.'
            )
        if self._mark.get('fingerprint') != self.fingerprint:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(mark, json.dumps(dict(fingerprint=self.fingerprint)))
        resumable = (self.folder / 'last_checkpoint').is_file()
        return [*map(str, self.command), *(self.resume if resumable else ())]

    def finish(self, seconds: float) -> None:
        """Mark the stage as finished."""
        mark = dict(fingerprint=self.fingerprint, seconds=round(seconds, 1))
        write_atomically(self.folder / MARK_NAME, json.dumps(mark))


def run_stages(stages: Sequence[Stage], parallel: int = 1) -> None:
    """Run the unfinished stages, at most ``parallel`` at a time.

    The stages are independent of each other, and those in their ``after`` are finished.

    Raises:
        StageError: If a command fails; the other commands are run to their end first.
    """
    waiting = []
    for stage in stages:
        if stage.finished:
            tqdm.write(f'{stage.name}: finished before, {stage.seconds:.0f} s')
        else:
            waiting.append(stage)
    overall = tqdm(
        desc=f'all {len(waiting)} stages',
        total=len(waiting),
        position=parallel,
        bar_format=_BAR,
        disable=len(waiting) <= parallel,
    )
    with overall, ThreadPoolExecutor(max_workers=parallel) as pool:
        futures = [pool.submit(_run, stage, i % parallel) for i, stage in enumerate(waiting)]
        for _ in as_completed(futures):
            overall.update()
    for future in futures:
        future.result()


def _run(stage: Stage, position: int) -> None:
    command = stage.start()
    environment = dict(
        os.environ,
        OMP_NUM_THREADS=str(stage.threads),
        # Idle threads sleep instead of spinning next to loaders and other stages.
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
            + '\n'.join([*tail, 'Finished stages are kept: run the same command to continue.'])
        )
    stage.finish(time.time() - began)


def _follow(process: 'subprocess.Popen[str]', stage: Stage, position: int) -> Sequence[str]:
    """Write the output to the log and show its progress; returns its last lines."""
    assert process.stdout is not None
    tail: Deque[str] = deque(maxlen=_TAIL)
    interval = 0.2 if sys.stderr.isatty() else 10.0
    with stage.log.open('a') as log, tqdm(
        desc=stage.name, position=position, mininterval=interval, bar_format=_BAR, total=1
    ) as bar:
        for line in process.stdout:
            log.write(line)
            log.flush()
            tail.append(line.rstrip())
            found = stage.progress.search(line) if stage.progress else None
            if found is not None:
                bar.total = int(found['steps'])
                bar.set_postfix_str((found['rest'] or '').strip()[:50], refresh=False)
                bar.update(int(found['step']) - bar.n)
        bar.update(bar.total - bar.n)
    return tail
