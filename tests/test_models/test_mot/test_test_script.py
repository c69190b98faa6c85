"""Shipped config in mmtrack's test script, on a toy data set in VisDrone-MOT's layout."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmeatrack.compat.scripts import mmtrack_script
from tests.forks import run

CONFIG = (
    Path(__file__).parents[3] / 'configs/eatrack/eatrack_nano_mot-yolox-tiny_test-visdrone-mot.py'
)

pytestmark = pytest.mark.slow


def _make_visdrone(root: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3)).astype(np.uint8)
    for name in ('uav1_v', 'uav2_v'):
        (root / 'sequences' / name).mkdir(parents=True)
        for number in (1, 2, 3):
            cv2.imwrite(str(root / 'sequences' / name / f'{number:07d}.jpg'), noise)
        rows = [f'{number},1,40,30,24,16,1,4,0,0\n' for number in (1, 2, 3)]
        (root / 'annotations').mkdir(exist_ok=True)
        (root / 'annotations' / f'{name}.txt').write_text(''.join(rows))


def test_test_script_of_mmtrack_scores_many_targets(tmp_path: Path) -> None:
    _make_visdrone(tmp_path / 'data')
    options = (
        'test_dataloader.dataset.data_root=data',
        'test_dataloader.num_workers=0',
        'test_dataloader.persistent_workers=False',
        'model.detect_every=2',
        'model.detector_size=(128,96)',
    )
    script = mmtrack_script('test.py')
    fork = run(script, CONFIG, '--work-dir=work', '--cfg-options', *options, cwd=tmp_path)

    (written,) = (tmp_path / 'work').glob('*/*.json')
    scores = json.loads(written.read_text().splitlines()[-1])
    names = {name.split('/')[-1] for name in scores}
    assert names >= {'HOTA', 'MOTA', 'IDF1', 'IDSW'}
    # Six frames of a car, which a detector with random weights does not find.
    assert scores['motchallenge-metric/TP'] + scores['motchallenge-metric/FN'] == 6
    assert re.search(r'Epoch\(test\).*6/6|\[6/6\]', fork.output)
