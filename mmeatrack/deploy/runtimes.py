"""Runtimes of exported graphs: ONNX Runtime and OpenVINO, on the CPU."""

import importlib
import threading
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import numpy as np

from mmeatrack.structures.checks import check_choice, check_counts

Feed = Dict[str, np.ndarray]
# Inputs by name -> outputs in the graph's order.
Graph = Callable[[Feed], Tuple[np.ndarray, ...]]

_BACKENDS = ('onnxruntime', 'openvino')


def load_graph(path: Path, backend: str, precision: str, threads: int) -> Graph:
    """Load an ONNX file into a runtime; for the arguments see :class:`DeployedTracker`.

    Raises:
        ValueError: If backend, precision or number of threads is unknown, or the processor lacks
            the precision.
        ImportError: If the backend is not installed.
    """
    check_choice(_BACKENDS, backend=backend)
    check_choice(('fp32', 'bf16', 'int8'), precision=precision)
    check_counts(threads=threads)
    try:
        runtime = importlib.import_module(backend)
    except ImportError as error:
        raise ImportError(
            f'backend={backend!r} is not installed: pip install {backend}, or give another of '
            f'{_BACKENDS}.'
        ) from error
    load = _load_openvino if backend == 'openvino' else _load_onnxruntime
    return load(runtime, path, precision, threads)


def _load_onnxruntime(runtime: Any, path: Path, precision: str, threads: int) -> Graph:
    if precision == 'bf16':
        raise ValueError(
            "ONNX Runtime has no bfloat16 on the CPU: give backend='openvino', or precision 'fp32' "
            "or 'int8'."
        )
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = runtime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
    return lambda feed: tuple(session.run(None, feed))


def _load_openvino(runtime: Any, path: Path, precision: str, threads: int) -> Graph:
    core = runtime.Core()
    if precision == 'bf16' and 'BF16' not in core.get_property('CPU', 'OPTIMIZATION_CAPABILITIES'):
        raise ValueError(
            "precision='bf16': this processor has no bfloat16 units (AVX512_BF16 or AMX), and "
            "would emulate them slowly. Give 'fp32' or 'int8'."
        )
    options = {
        'INFERENCE_NUM_THREADS': threads,
        'INFERENCE_PRECISION_HINT': 'bf16' if precision == 'bf16' else 'f32',
        'PERFORMANCE_HINT': 'LATENCY',
    }
    model = core.read_model(str(path))
    requests: Dict[Any, Any] = {}
    turn = threading.Lock()

    def run(feed: Feed) -> Tuple[np.ndarray, ...]:
        # Fixed shapes are faster than dynamic ones, and there are few.
        shapes = {name: value.shape for name, value in feed.items()}
        key = tuple(shapes.values())
        with turn:
            if key not in requests:
                model.reshape({name: list(shape) for name, shape in shapes.items()})
                compiled = core.compile_model(model, 'CPU', options)
                requests[key] = compiled.create_infer_request()
            request = requests[key]
            request.infer(feed)
            outputs = range(len(model.outputs))
            return tuple(request.get_output_tensor(i).data.copy() for i in outputs)

    return run
