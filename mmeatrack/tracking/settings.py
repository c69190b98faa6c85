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
    hold_unsure_size=False,
    lead=0.0,
    aspect_prior=0.0,
    compat=None,
    test_mode='OPE',
)


def complete_settings(
    train_cfg: Optional[dict], test_cfg: Optional[dict]
) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """Both with the defaults of what is not given; see :class:`EATrack` for the keys.

    Raises:
        ValueError: If a key is unknown or a value is out of range.
    """
    train = _merge('train_cfg', _TRAIN_DEFAULTS, train_cfg)
    test = _merge('test_cfg', _TEST_DEFAULTS, test_cfg)
    _check_values(**train, **test)
    return train, test


def _merge(name: str, defaults: Dict[str, Any], given: Optional[dict]) -> Dict[str, Any]:
    unknown = sorted(set(given or ()) - set(defaults))
    if unknown:
        raise ValueError(f'{name} has unknown keys {unknown}; it takes {sorted(defaults)}.')
    return dict(defaults, **(given or {}))


def _check_values(
    temporal_drop: float,
    template_factor: float,
    search_factor: float,
    lost_search_factor: Optional[float],
    margin: float,
    fill_slot: bool,
    fast: bool,
    compile: bool,
    size_smoothing: float,
    size_prior: float,
    hold_unsure_size: bool,
    lead: float,
    aspect_prior: float,
    compat: Optional[str],
    test_mode: str,
) -> None:
    numbers = dict(
        temporal_drop=temporal_drop,
        template_factor=template_factor,
        search_factor=search_factor,
        lost_search_factor=lost_search_factor or 0,
        margin=margin,
        size_smoothing=size_smoothing,
        size_prior=size_prior,
        lead=lead,
        aspect_prior=aspect_prior,
    )
    for name, number in numbers.items():
        if not isinstance(number, (int, float)) or not math.isfinite(number):
            raise ValueError(f'{name}={number!r} must be a finite number.')
    if not 0 <= temporal_drop <= 1:
        raise ValueError(f'train_cfg.temporal_drop={temporal_drop} must lie between 0 and 1.')
    factors = [template_factor, search_factor]
    factors += [] if lost_search_factor is None else [lost_search_factor]
    if not min(factors) > 0 or not margin >= 0:
        raise ValueError(
            f'test_cfg.template_factor={template_factor}, search_factor={search_factor} and '
            f'lost_search_factor={lost_search_factor} must be above 0, margin={margin} at least 0.'
        )
    switches = dict(
        fill_slot=fill_slot, fast=fast, compile=compile, hold_unsure_size=hold_unsure_size
    )
    for name, value in switches.items():
        if not isinstance(value, bool):
            raise ValueError(f'test_cfg.{name}={value!r} must be True or False.')
    shares = dict(
        size_smoothing=size_smoothing, size_prior=size_prior, aspect_prior=aspect_prior, lead=lead
    )
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f'test_cfg.{name}={share} must lie between 0 and 1.')
    if compat not in CONVENTIONS:
        raise ValueError(f'test_cfg.compat={compat!r} is unknown; it is one of {[*CONVENTIONS]}.')
    if test_mode not in ('OPE', 'VOT'):
        raise ValueError(f"test_cfg.test_mode={test_mode!r} is unknown; it is 'OPE' or 'VOT'.")
