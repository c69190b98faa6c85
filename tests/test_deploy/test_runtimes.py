"""Arguments that the runtimes or the processor do not support."""

import importlib
from typing import Any

import pytest

from mmeatrack.deploy import DeployedTracker
from tests.test_deploy.toy_tracker import Exported


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(backend='tensorrt'), "backend='tensorrt' is unknown; it is one of"),
        (dict(precision='fp16'), "precision='fp16' is unknown; it is one of"),
        (dict(threads=0), 'threads=0 must be a whole number of at least 1'),
        (dict(precision='bf16'), "ONNX Runtime has no bfloat16 on the CPU: give backend='openvino"),
    ],
)
def test_unknown_arguments_are_refused(exported: Exported, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DeployedTracker(exported.folder, **arguments)


def test_missing_backend_is_named(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def find(name: str, *rest: Any) -> Any:
        if name == 'openvino':
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(importlib, 'import_module', find)
    with pytest.raises(ImportError, match=r"'openvino' is not installed: pip install openvino"):
        DeployedTracker(exported.folder, backend='openvino')


def test_bfloat16_is_refused_without_processor_support(
    exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    openvino = pytest.importorskip('openvino', reason='requirements/deploy.txt is not installed')
    monkeypatch.setattr(openvino.Core, 'get_property', lambda *_: ['FP32', 'INT8'])
    with pytest.raises(ValueError, match='has no bfloat16 units'):
        DeployedTracker(exported.folder, backend='openvino', precision='bf16')
