"""A toy tracker, exported once; only the fixtures, in the workers, import the libraries."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.test_deploy.toy_tracker import Exported


@pytest.fixture(scope='session')
def exported(tmp_path_factory: pytest.TempPathFactory) -> 'Exported':
    pytest.importorskip('onnxruntime', reason='requirements/deploy.txt is not installed')
    from mmeatrack.export import export_tracker
    from tests.test_deploy.toy_tracker import Exported, toy

    folder = tmp_path_factory.mktemp('exported')
    tracker = toy()
    export_tracker(tracker, folder, 'toy')
    return Exported(tracker, folder)


@pytest.fixture(scope='session')
def exported_int8(exported: 'Exported') -> 'Exported':
    pytest.importorskip('onnx', reason='requirements/deploy.txt is not installed')
    from mmeatrack.export import quantise
    from tests.test_deploy.toy_tracker import BOX_XYWH, frames

    assert quantise(exported.folder, [(frames(13, seed=1), BOX_XYWH)], every=3) == 4
    return exported
