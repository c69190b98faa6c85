"""Config texts of checkpoints: plain values stay, code is left out before anything runs it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from mmeatrack.compat.checkpoint_config import find_code, remove_code
from tests.test_compat.toy_runner import build_runner

PLAIN = Config(
    dict(
        model=dict(type='mmeatrack.EATrack', sizes=[1, -2.5, (3,)], **{'not-a-name': None}),
        custom_imports=dict(imports=['mmeatrack'], allow_failed_imports=False),
        words="a 'quote' and\na line",
    )
).pretty_text


def test_a_config_as_mmengine_writes_it_is_plain() -> None:
    assert Config.fromstring(PLAIN, '.py').model.sizes == [1, -2.5, (3,)]
    assert find_code(PLAIN) is None


@pytest.mark.parametrize(
    ('text', 'found'),
    [
        ('a = 1\nimport os', 'import os'),
        ("a = dict(b=[__import__('os')])", "a = dict(b=[__import__('os')])"),
        ('a = (lambda: 1)()', 'a = (lambda: 1)()'),
        ('a = dict(**b.c)', 'a = dict(**b.c)'),
        ('dict = exit\na = dict()', 'dict = exit'),
        ('a = dict.fromkeys([])', 'a = dict.fromkeys([])'),
        ('a[0] = 1', 'a[0] = 1'),
        ("a = [f'{exit()}']", "a = [f'{exit()}']"),
        ("_base_ = 'other.py'", "_base_ = 'other.py'"),
        ('a: exit() = 1', 'a: exit() = 1'),
        (b'a = 1', 'bytes'),
    ],
)
def test_anything_else_is_code(text: Any, found: str) -> None:
    assert find_code(text) == found


def test_text_that_is_no_python_is_left_out_too() -> None:
    assert 'invalid syntax' in str(find_code('a = = 1'))


def test_code_is_removed_at_each_place(caplog: pytest.LogCaptureFixture) -> None:
    checkpoint = dict(
        meta=dict(config='import os', cfg=PLAIN, epoch=1),
        message_hub=dict(runtime_info=dict(cfg='exit()')),
    )
    remove_code(checkpoint, 'a.pth')
    assert checkpoint == dict(meta=dict(cfg=PLAIN, epoch=1), message_hub=dict(runtime_info=dict()))
    for content in (None, [], dict(meta=None), dict(meta=dict()), dict(message_hub=3)):
        remove_code(content, 'b.pth')


def test_a_resumed_run_does_not_execute_its_checkpoint(tmp_path: Path) -> None:
    build_runner(tmp_path).train()
    path, witness = tmp_path / 'epoch_2.pth', tmp_path / 'executed'
    checkpoint = torch.load(path, weights_only=False)  # written by this test
    checkpoint['meta']['config'] = f'open({str(witness)!r}, "w").close()'
    torch.save(checkpoint, path)
    runner = build_runner(tmp_path, epochs=3, load_from=str(path), resume=True)
    runner.train()
    assert (runner.epoch, witness.exists()) == (3, False)
