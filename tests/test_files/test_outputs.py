import json
from pathlib import Path

import pytest

from mmeatrack.files.atomic import write_atomically
from mmeatrack.files.outputs import LEDGER_NAME, check_outputs, claimed_outputs


def write(path: Path, text: str, overwrite: bool = False, tool: str = 'a.py') -> None:
    with claimed_outputs([path], tool=tool, overwrite=overwrite):
        write_atomically(path, text)


def test_file_of_the_same_tool_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'report.md'

    write(path, 'first')
    write(path, 'second')

    assert path.read_text() == 'second'
    assert list(json.loads((path.parent / LEDGER_NAME).read_text())) == ['report.md']


def test_file_of_other_origin_needs_overwrite(tmp_path: Path) -> None:
    path = tmp_path / 'report.md'
    path.write_text('by hand')

    with pytest.raises(FileExistsError, match=r'report\.md: there already, and not written by a'):
        write(path, 'by the tool')
    assert path.read_text() == 'by hand'
    assert [entry.name for entry in tmp_path.iterdir()] == ['report.md']

    write(path, 'by the tool', overwrite=True)
    write(path, 'again')
    assert path.read_text() == 'again'


def test_edited_file_no_longer_belongs_to_the_tool(tmp_path: Path) -> None:
    path = tmp_path / 'report.md'
    write(path, 'first')
    path.write_text('first, and my notes')

    with pytest.raises(FileExistsError, match='changed since'):
        write(path, 'second')


def test_file_of_another_tool_is_kept(tmp_path: Path) -> None:
    write(tmp_path / 'report.md', 'a')

    with pytest.raises(FileExistsError, match=r'not written by b\.py'):
        write(tmp_path / 'report.md', 'b', tool='b.py')


@pytest.mark.parametrize('way', ['same', 'symlink', 'dotted', 'folder'])
@pytest.mark.parametrize('overwrite', [False, True])
def test_input_is_never_overwritten(tmp_path: Path, way: str, overwrite: bool) -> None:
    source = tmp_path / 'anno' / 'car1.txt'
    write_atomically(source, '1,2,3,4\n')
    output, given = source, source
    if way == 'symlink':
        output = tmp_path / 'link.txt'
        output.symlink_to(source)
    elif way == 'dotted':
        output = tmp_path / 'anno' / '..' / 'anno' / 'car1.txt'
    elif way == 'folder':
        given = tmp_path / 'anno'

    with pytest.raises(FileExistsError, match='would be overwritten'):
        check_outputs([output], [given], tool='a.py', overwrite=overwrite)


def test_earlier_output_is_refused_as_an_input(tmp_path: Path) -> None:
    write(tmp_path / 'boxes.txt', '1,2,3,4\n')

    with pytest.raises(FileExistsError, match='is an input'):
        check_outputs([tmp_path / 'boxes.txt'], [tmp_path / 'boxes.txt'], tool='a.py')
    check_outputs([tmp_path / 'boxes.txt'], [tmp_path], tool='a.py')  # next to the inputs


def test_failed_run_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), claimed_outputs([tmp_path / 'out' / 'a.md'], tool='a.py'):
        raise RuntimeError

    assert not (tmp_path / 'out').exists()


def test_failed_overwrite_does_not_claim_the_file(tmp_path: Path) -> None:
    path = tmp_path / 'a.md'
    path.write_text('by hand')
    with pytest.raises(RuntimeError), claimed_outputs([path], tool='a.py', overwrite=True):
        raise RuntimeError

    with pytest.raises(FileExistsError, match='not written by'):
        write(path, 'new')


def test_files_of_a_killed_run_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / 'a.md'
    killed = claimed_outputs([path], tool='a.py')
    killed.__enter__()
    path.write_text('half of i')

    write(path, 'whole')

    assert path.read_text() == 'whole'


def test_file_that_is_not_rewritten_still_belongs_to_the_tool(tmp_path: Path) -> None:
    path = tmp_path / 'a.md'
    write(path, 'first')
    with claimed_outputs([path, tmp_path / 'b.md'], tool='a.py'):
        pass  # wrote nothing this time

    write(path, 'second')
    assert list(json.loads((tmp_path / LEDGER_NAME).read_text())) == ['a.md']


def test_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / 'a.md').mkdir()

    with pytest.raises(FileExistsError, match='is a folder'):
        check_outputs([tmp_path / 'a.md'], tool='a.py', overwrite=True)


@pytest.mark.parametrize('content', ['{"a.md": 3', '{"a.md": 3}', '{"a.md": []}', '[]'])
def test_damaged_ledger_claims_nothing(tmp_path: Path, content: str) -> None:
    write(tmp_path / 'a.md', 'first')
    (tmp_path / LEDGER_NAME).write_text(content)

    with pytest.raises(FileExistsError, match='not written by'):
        write(tmp_path / 'a.md', 'second')
