"""The tracker's train_cfg and test_cfg: defaults and checks."""

import math
from typing import Any, Callable, Dict, Optional, Tuple

from mmeatrack.structures.conventions import CONVENTIONS


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


Rule = Tuple[Callable[[Any], bool], str]  # a test of a value, and what it demands

_SHARE: Rule = (lambda value: _is_number(value) and 0 <= value <= 1, 'lie between 0 and 1')
_FACTOR: Rule = (lambda value: _is_number(value) and value > 0, 'be a finite number above 0')
_OPTIONAL_FACTOR: Rule = (lambda v: v is None or _FACTOR[0](v), f'{_FACTOR[1]}, or None')
_MARGIN: Rule = (lambda value: _is_number(value) and value >= 0, 'be a finite number from 0 on')
_SWITCH: Rule = (lambda value: isinstance(value, bool), 'be True or False')


def _one_of(*allowed: Optional[str]) -> Rule:
    return lambda value: value in allowed, f'be one of {allowed}'


# Default and rule by key.
_TRAIN: Dict[str, Tuple[Any, Rule]] = dict(temporal_drop=(0.0, _SHARE))
_TEST: Dict[str, Tuple[Any, Rule]] = dict(
    template_factor=(2.0, _FACTOR),
    search_factor=(4.0, _FACTOR),
    lost_search_factor=(None, _OPTIONAL_FACTOR),
    margin=(10.0, _MARGIN),
    fill_slot=(False, _SWITCH),
    fast=(True, _SWITCH),
    compile=(False, _SWITCH),
    size_smoothing=(0.0, _SHARE),
    size_prior=(0.0, _SHARE),
    compat=(None, _one_of(*CONVENTIONS)),
    test_mode=('OPE', _one_of('OPE', 'VOT')),
)


def complete_settings(
    train_cfg: Optional[dict], test_cfg: Optional[dict]
) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """Fill in the defaults of both configs; see :class:`EATrack` for the keys.

    Raises:
        ValueError: If a key is unknown or a value is out of range.
    """
    return _complete('train_cfg', _TRAIN, train_cfg), _complete('test_cfg', _TEST, test_cfg)


def _complete(
    name: str, table: Dict[str, Tuple[Any, Rule]], given: Optional[dict]
) -> Dict[str, Any]:
    unknown = sorted(set(given or ()) - set(table))
    if unknown:
        raise ValueError(f'{name} has unknown keys {unknown}; it takes {sorted(table)}.')
    values = {key: default for key, (default, _) in table.items()}
    values.update(given or {})
    for key, (_, (is_valid, rule)) in table.items():
        if not is_valid(values[key]):
            raise ValueError(f'{name}.{key}={values[key]!r} must {rule}.')
    return values
