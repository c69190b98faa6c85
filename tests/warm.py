"""Imports of the server of :mod:`tests.forks`."""

import torch
from mmtrack.utils import register_all_modules

import mmeatrack.apis
import mmeatrack.datasets
import mmeatrack.engine
import mmeatrack.models
import mmeatrack.visualization  # noqa: F401

torch.use_deterministic_algorithms(False)  # imports much, in some versions of torch
register_all_modules(init_default_scope=False)
