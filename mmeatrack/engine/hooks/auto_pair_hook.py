"""Hook that pairs the layers of student and teacher by similarity before the first step."""

import copy
import random
from contextlib import contextmanager
from itertools import islice
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np
import torch
from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner, load_checkpoint
from torch.utils.data import DataLoader

from mmeatrack.analysis import LinearCKA, layer_search_tokens, monotone_pairs
from mmeatrack.models.backbones.protocol import joint_layers
from mmeatrack.models.distillers import EATrackDistill
from mmeatrack.models.wrappers import unwrap
from mmeatrack.registry import HOOKS


@HOOKS.register_module()
class AutoPairHook(Hook):
    """Finds the layer pairs of an :class:`EATrackDistiller` with ``layer_pairs='auto'``.

    Each joint layer of the student is paired with the joint layer of the teacher whose search
    tokens are most similar by linear CKA, in the order of the layers. The pairs are logged and
    saved in the checkpoint, from which a resumed run takes them. The batches are drawn
    independently of the training, and the random generators are restored: training is the same as
    with these pairs in the config.

    All layers of a student with random weights are most similar to the teacher's first. Compare a
    student that was trained without a teacher, by ``student_ckpt``, or start from pretrained
    weights.

    Args:
        batches: Number of training batches to measure the similarity on.
        student_ckpt: Checkpoint of the student to compare; by default the weights that training
            starts from are compared.

    Raises:
        ValueError: If ``batches`` is below 1.

    Example:
        In a config with ``model.distiller.layer_pairs='auto'``:

        >>> custom_hooks = [dict(type='mmeatrack.AutoPairHook', batches=8)]
        >>> HOOKS.build(custom_hooks[0]).batches
        8
    """

    def __init__(self, batches: int = 4, student_ckpt: Optional[str] = None) -> None:
        if batches < 1:
            raise ValueError(f'AutoPairHook: batches={batches} must be at least 1.')
        self.batches, self.student_ckpt = batches, student_ckpt

    def before_train(self, runner: Runner) -> None:
        """Set the pairs, preferably those of the checkpoint.

        Raises:
            TypeError: If the model is not an :class:`EATrackDistill`.
            ValueError: If its pairs are given, or the teacher has fewer layers than the student.
        """
        model = unwrap(runner.model)
        if not isinstance(model, EATrackDistill):
            raise TypeError(
                f'AutoPairHook pairs the layers of an mmeatrack.EATrackDistill, but the model is '
                f'{type(model).__name__}: remove the hook from custom_hooks.'
            )
        distiller = model.distiller
        if not distiller.finds_pairs:
            raise ValueError(
                "AutoPairHook has nothing to do: set model.distiller.layer_pairs='auto' with a "
                'feature_weight above 0, or remove the hook from custom_hooks.'
            )
        if not distiller.lacks_pairs:
            return
        found = distiller.found_pairs.clone()
        origin = 'taken from the checkpoint'
        if (found < 0).any():
            pairs, values = self._find(runner.train_dataloader, model)
            found = found.new_tensor(pairs)
            origin = 'with linear CKA of ' + ', '.join(f'{value:.3f}' for value in values)
        # The processes draw different batches; all use the pairs of the first.
        broadcast(found, src=0)
        chosen = [(int(student), int(teacher)) for student, teacher in found.tolist()]
        distiller.set_layer_pairs(chosen, model.student, model.teacher)
        print_log(f'layer pairs {chosen}, {origin}', 'current')

    def _find(
        self, dataloader: DataLoader, model: EATrackDistill
    ) -> Tuple[List[Tuple[int, int]], List[float]]:
        """Pairs of layers, and their similarities."""
        layers = [joint_layers(tracker.backbone) for tracker in (model.student, model.teacher)]
        meters: Dict[Tuple[int, int], LinearCKA] = {}
        # Not the training loader itself, whose workers have begun to fetch batches.
        options = ('batch_size', 'sampler', 'collate_fn')
        loader = DataLoader(
            dataloader.dataset, **{name: getattr(dataloader, name) for name in options}
        )
        with _same_random_state(), _weights_of(model.student, self.student_ckpt):
            for batch in islice(loader, self.batches):
                inputs = model.data_preprocessor(batch, True)['inputs']
                students = layer_search_tokens(model.student, inputs, layers[0])
                teachers = layer_search_tokens(model.teacher, inputs, layers[1])
                for s, x in enumerate(students):
                    for t, y in enumerate(teachers):
                        meter = meters.setdefault((s, t), LinearCKA(x.shape[-1], y.shape[-1]))
                        meter.update(x.flatten(0, 1), y.flatten(0, 1))
        shape = (len(layers[0]), len(layers[1]))
        similarity = np.array([meters[pair].value() for pair in np.ndindex(shape)]).reshape(shape)
        partners = monotone_pairs(similarity)
        pairs = [(layer, layers[1][t]) for layer, t in zip(layers[0], partners)]
        return pairs, [float(similarity[s, t]) for s, t in enumerate(partners)]


@contextmanager
def _weights_of(student: Any, checkpoint: Optional[str]) -> Iterator[None]:
    """Load a checkpoint into the student for a while."""
    if checkpoint is None:
        yield
        return
    own = copy.deepcopy(student.state_dict())
    load_checkpoint(student, checkpoint, map_location='cpu')
    try:
        yield
    finally:
        student.load_state_dict(own)


@contextmanager
def _same_random_state() -> Iterator[None]:
    """Restore the CPU's random generators; networks in eval mode draw nothing on a GPU."""
    states: Any = (random.getstate(), np.random.get_state(), torch.get_rng_state())
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
