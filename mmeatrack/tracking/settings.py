"""The tracker's train_cfg and test_cfg: defaults and checks."""

import math
from typing import Any, Dict, Optional, Tuple

from mmeatrack.structures.conventions import CONVENTIONS

_TRAIN_DEFAULTS: Dict[str, Any] = dict(temporal_drop=0.0)
_TEST_DEFAULTS: Dict[str, Any] = dict(
    template_factor=2.0,
    search_factor=4.0,
    lost_search_factor=None,
    margin=10.0,
    fill_slot=False,
    fast=True,
    compile=False,
    size_smoothing=0.0,
    size_prior=0.0,
    compat=None,
    test_mode='OPE',
)
_SHARES = ('temporal_drop', 'size_smoothing', 'size_prior')
_FACTORS = ('template_factor', 'search_factor', 'lost_search_factor')
_SWITCHES = ('fill_slot', 'fast', 'compile')


def complete_settings(
    train_cfg: Optional[dict], test_cfg: Optional[dict]
) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """Both with the defaults of what is not given; see :class:`EATrack` for the keys.

    Raises:
        ValueError: If a key is unknown or a value is out of range.
    """
    train = _merge('train_cfg', _TRAIN_DEFAULTS, train_cfg)
    test = _merge('test_cfg', _TEST_DEFAULTS, test_cfg)
    _check_values(train, test)
    return train, test


def _merge(name: str, defaults: Dict[str, Any], given: Optional[dict]) -> Dict[str, Any]:
    unknown = sorted(set(given or ()) - set(defaults))
    if unknown:
        raise ValueError(f'{name} has unknown keys {unknown}; it takes {sorted(defaults)}.')
    return dict(defaults, **(given or {}))


def _check_values(train: Dict[str, Any], test: Dict[str, Any]) -> None:
    given = {**train, **test}
    for name in (*_SHARES, *_FACTORS, 'margin'):
        number = given[name]
        if number is None and name == 'lost_search_factor':
            continue
        if not isinstance(number, (int, float)) or not math.isfinite(number):
            raise ValueError(f'{name}={number!r} must be a finite number.')
    for name in _SHARES:
        if not 0 <= given[name] <= 1:
            cfg = 'train_cfg' if name in train else 'test_cfg'
            raise ValueError(f'{cfg}.{name}={given[name]} must lie between 0 and 1.')
    factors = {name: test[name] for name in _FACTORS}
    if not all(factor is None or factor > 0 for factor in factors.values()) or test['margin'] < 0:
        said = 'template_factor={}, search_factor={} and lost_search_factor={}'.format(
            *factors.values()
        )
        raise ValueError(f'test_cfg.{said} must be above 0, margin={test["margin"]} at least 0.')
    for name in _SWITCHES:
        if not isinstance(test[name], bool):
            raise ValueError(f'test_cfg.{name}={test[name]!r} must be True or False.')
    if test['compat'] not in CONVENTIONS:
        raise ValueError(
            f'test_cfg.compat={test["compat"]!r} is unknown; it is one of {[*CONVENTIONS]}.'
        )
    if test['test_mode'] not in ('OPE', 'VOT'):
        raise ValueError(
            f"test_cfg.test_mode={test['test_mode']!r} is unknown; it is 'OPE' or 'VOT'."
        )
