"""Videos tracked by the shipped tracker and by the demo's student."""

import re
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional

from lab.experiments.micro import STUDENT_CONFIG, MicroExperiment, run_name
from lab.experiments.stage import TQDM_PROGRESS, Stage
from mmeatrack.files.ground_truth import load_ground_truth

SCENARIO = 'occlusion'


class Clip(NamedTuple):
    """Video with a target.

    Attributes:
        name: Part of the names of the results.
        source: Video, folder of images or camera, as for tools/video_demo.py.
        box: ``x,y,w,h`` of the target in the first frame.
        truth: File of all true boxes, or None.
    """

    name: str
    source: str
    box: str
    truth: Optional[Path] = None


def synthetic_clip(data: Path) -> Clip:
    """First test video of the synthetic set with an occlusion."""
    truth = load_ground_truth(data / 'test')
    name = next(each for each in sorted(truth.boxes) if SCENARIO in each)
    box = ','.join(f'{value:g}' for value in truth.boxes[name][0])
    folder = data / 'test' / name
    return Clip('synthetic', str(folder), box, folder / 'groundtruth_rect.txt')


def follow_stages(experiment: MicroExperiment, clip: Clip, seed: int) -> List[Stage]:
    """Runs of tools/video_demo.py on a clip, with the shipped tracker and the distilled student."""
    student = experiment.student_checkpoint(run_name('distilled', seed))
    own = ['--config', str(STUDENT_CONFIG), '--checkpoint', str(student)]
    stages = []
    for tracker, model in (('eatrack_nano', []), ('distilled', own)):
        folder = experiment.out / 'followed' / f'{clip.name}-{tracker}'
        command = [sys.executable, 'tools/video_demo.py', clip.source]
        command += [f'--init-bbox={clip.box}', '--out', str(folder / 'tracked.mp4'), *model]
        if clip.truth is not None:
            command += ['--ground-truth', str(clip.truth)]
        stages.append(Stage(f'{tracker} on {clip.name}', command, folder, TQDM_PROGRESS))
    return stages


def closing_lines(stage: Stage) -> List[str]:
    """Last lines of tools/video_demo.py: losses of the target, and scores if there are any."""
    lines = re.split(r'[\r\n]+', stage.log.read_text(encoding='utf-8'))
    kept = [line.strip() for line in lines if line.strip() and '%|' not in line]
    return kept[-3:]
