"""Examples in docstrings, run as doctests in a folder with a toy tracker and a toy video."""

import ast
import doctest
import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Iterator, List

import numpy as np
import pytest

import mmeatrack
import mmeatrack.analysis
import mmeatrack.apis
import mmeatrack.datasets
import mmeatrack.engine
import mmeatrack.evaluation
import mmeatrack.models
import mmeatrack.structures
import mmeatrack.visualization
from mmeatrack.export import export_tracker
from tests.test_datasets.trees import boxes_of, write_dtb70_sequence
from tests.toys import mmtrack_scope, video, write_toy_tracker

pytestmark = pytest.mark.slow

PACKAGE = Path(mmeatrack.__file__).parent

# The public names that users meet first, each with an example.
SHOWN = [
    *(mmeatrack.apis.load_tracker, mmeatrack.apis.open_frames, mmeatrack.apis.track_frames),
    *(mmeatrack.datasets.UAVSOTDataset, mmeatrack.evaluation.ope_scores),
    *(mmeatrack.models.EATrack, mmeatrack.models.AsymmetricViT, mmeatrack.models.CenterHead),
    *(mmeatrack.models.TargetStore, mmeatrack.models.LostDetector),
    *(mmeatrack.models.CalibratedConfidence, mmeatrack.models.CropDataPreprocessor),
    mmeatrack.structures.CropWindow,
    mmeatrack.visualization.VideoSink,
    *(mmeatrack.models.EATrackDistill, mmeatrack.models.EATrackDistiller),
    *(mmeatrack.models.MultiTeacherDistill, mmeatrack.models.SearchTokens),
    *(mmeatrack.models.TargetFeatureLoss, mmeatrack.models.TargetPredictionLoss),
    *(mmeatrack.models.TargetMask, mmeatrack.models.TargetMaskConnector),
    *(mmeatrack.analysis.LinearCKA, mmeatrack.analysis.MaskedMean),
    *(mmeatrack.analysis.SimilarityMeter, mmeatrack.analysis.monotone_pairs),
    mmeatrack.engine.AutoPairHook,
]


class OutputChecker(doctest.OutputChecker):
    """Passes over the line that mmengine prints for each checkpoint."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        lines = got.splitlines(keepends=True)
        got = ''.join(line for line in lines if not line.startswith('Loads checkpoint by'))
        return super().check_output(want, got, optionflags)


def modules_with_examples() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob('*.py')):
        if '>>> ' in path.read_text(encoding='utf-8'):
            parts = path.relative_to(PACKAGE.parent).with_suffix('').parts
            yield '.'.join(part for part in parts if part != '__init__')


def find_examples(module: str) -> List[doctest.DocTest]:
    found = doctest.DocTestFinder().find(importlib.import_module(module))
    return [test for test in found if test.examples]


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that the examples name: student.py, student.pth, flight.mp4, my_data/."""
    root = tmp_path_factory.mktemp('examples')
    toy = write_toy_tracker(root)
    toy.config.rename(root / 'student.py')
    toy.checkpoint.rename(root / 'student.pth')
    with mmeatrack.visualization.VideoSink(root / 'flight.mp4', 30, (160, 120)) as sink:
        for frame in video(3):
            sink.write(frame[0].permute(1, 2, 0).contiguous().numpy())
    write_dtb70_sequence(root / 'my_data', 'car_1', boxes_of(4))
    if find_spec('onnxruntime'):
        tracker = mmeatrack.apis.load_tracker(root / 'student.py', root / 'student.pth', 'cpu')
        export_tracker(tracker, root / 'exported', 'student')
    return root


@pytest.mark.parametrize('module', modules_with_examples())
def test_examples_of_a_module_run(
    module: str, folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if module.startswith('mmeatrack.deploy'):
        pytest.importorskip('onnxruntime', reason='requirements/deploy.txt is not installed')
    monkeypatch.chdir(folder)
    report: List[str] = []
    runner = doctest.DocTestRunner(OutputChecker(), optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in find_examples(module):
        test.globs.update(
            getfixture=request.getfixturevalue, frame=np.zeros((480, 640, 3), np.uint8)
        )
        with mmtrack_scope():
            runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, ''.join(report)


@pytest.mark.parametrize('shown', SHOWN, ids=lambda shown: shown.__name__)
def test_public_name_has_an_example(shown: object) -> None:
    assert '>>> ' in str(shown.__doc__)


def test_examples_are_python_3_8() -> None:
    for module in modules_with_examples():
        for test in find_examples(module):
            source = ''.join(example.source for example in test.examples)
            ast.parse(source, filename=test.name, feature_version=(3, 8))
