"""Table of checked environments; the checks themselves take minutes."""

import subprocess
import types
from pathlib import Path

import pytest

from lab import matrix


def test_stubs_of_operators_raise_when_called() -> None:
    module = types.ModuleType('mmcv._ext')
    exec(matrix.WITHOUT_OPERATORS, vars(module))
    assert not hasattr(module, '__path__')
    with pytest.raises(NotImplementedError, match='without its operator nms'):
        module.nms(1)


def test_a_failed_import_is_a_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(folder: Path, *arguments: str) -> 'subprocess.CompletedProcess[str]':
        if 'platform' in arguments[-1]:
            return subprocess.CompletedProcess(arguments, 0, '3.12.1\n', '')
        return subprocess.CompletedProcess(arguments, 1, '', 'Traceback\nImportError: no | such\n')

    monkeypatch.setattr(matrix, 'run', run)
    (tmp_path / 'envs' / 'py3.12-torch2.4.1' / 'bin').mkdir(parents=True)
    (tmp_path / 'envs' / 'py3.12-torch2.4.1' / 'bin' / 'python').touch()
    out = tmp_path / 'matrix.md'
    arguments = ['--only-there', '--envs', str(tmp_path / 'envs'), '--out', str(out)]
    assert matrix.main(arguments) == 0
    header, _, row = out.read_text().splitlines()
    assert header.startswith('| Python | torch | numpy | import ')
    cells = [cell.strip() for cell in row.replace('\\|', '/').split('|')[1:-1]]
    assert cells == ['3.12.1', '2.4.1', '', 'ImportError: no / such', '', '']
    assert matrix.main(arguments) == 0  # its own table is replaced


def test_last_line_of_a_failed_command() -> None:
    failed = subprocess.CompletedProcess([], 1, '== 1 failed, 3 passed ==\n', '')
    assert matrix.last_line(failed) == '1 failed, 3 passed'
    assert matrix.last_line(subprocess.CompletedProcess([], 3, '', '')) == 'exit status 3'
