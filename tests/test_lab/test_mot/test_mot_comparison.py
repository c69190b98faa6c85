"""Comparison of multi-object trackers on a toy set."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from mmeatrack.synthetic import write_split

SCRIPT = Path(__file__).parents[3] / 'tools' / 'lab' / 'mot_comparison.py'

pytestmark = pytest.mark.slow


def test_all_contenders_are_scored_on_the_same_detections(tmp_path, monkeypatch, capsys):
    write_split(tmp_path / 'set', 'test', 1, 6, (160, 120), targets=4)
    arguments = [tmp_path / 'set', '--out', tmp_path / 'out', '--every', '1', '3']
    monkeypatch.setattr(sys, 'argv', [str(SCRIPT), *map(str, arguments)])
    with pytest.raises(SystemExit, match=r'^0$'):
        runpy.run_path(str(SCRIPT), run_name='__main__')
    records = json.loads((tmp_path / 'out' / 'mot.json').read_text())
    names = ['ByteTrack', 'ByteTrack + motion', 'ByteTrack + interpolation', 'EATrackMOT']
    found = [(each['every'], each['tracker']) for each in records]
    assert found == [(1, name) for name in names if '+ motion' not in name] + [
        (3, name) for name in names
    ]
    hota = {key: each['HOTA'] for key, each in zip(found, records)}
    assert all(0 < value <= 100 for value in hota.values())
    # Unmodified ByteTrack reports nothing between the detector's frames.
    assert hota[3, 'ByteTrack'] < hota[3, 'ByteTrack + interpolation'] < hota[3, 'EATrackMOT']
    lines = (tmp_path / 'out' / 'mot.md').read_text().splitlines()
    assert len(lines) == 2 + len(records)
    assert [cell.strip() for cell in lines[2].split('|')[1:3]] == ['1', 'ByteTrack']


def test_a_missing_folder_is_a_one_line_error(tmp_path, monkeypatch, capsys):
    arguments = [tmp_path / 'nowhere', '--out', tmp_path / 'out']
    monkeypatch.setattr(sys, 'argv', [str(SCRIPT), *map(str, arguments)])
    with pytest.raises(SystemExit, match=r'^1$'):
        runpy.run_path(str(SCRIPT), run_name='__main__')
    assert 'error: UAVMOTDataset: no folder' in capsys.readouterr().err
