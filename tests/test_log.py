"""Warnings without MMEngine, as with a deployed tracker."""

import logging
import sys

import pytest

from mmeatrack.log import warn


def test_warning_without_mmengine_goes_to_pythons_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, 'mmengine.logging', None)
    warn('the video is truncated')
    assert caplog.record_tuples == [('mmeatrack', logging.WARNING, 'the video is truncated')]
