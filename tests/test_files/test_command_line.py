"""Parser, options and exit status that the tools share."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from mmeatrack.files.command_line import add_output_folder, at_least, run_tool, tool_parser


def test_help_keeps_the_lines_of_description_and_examples() -> None:
    text = tool_parser('Do it.\n\n  first\n  second\n', 'examples:\n  one\n').format_help()
    assert 'Do it.\n\n  first\n  second\n' in text
    assert text.endswith('examples:\n  one\n')


def test_output_folder_is_required_without_a_default() -> None:
    parser, optional = tool_parser(''), tool_parser('')
    add_output_folder(parser)
    add_output_folder(optional, 'work_dirs/x')
    with pytest.raises(SystemExit, match='2'):
        parser.parse_args([])
    args = optional.parse_args(['--overwrite'])
    assert (args.out, args.overwrite) == (Path('work_dirs/x'), True)


def test_whole_numbers_with_a_lower_limit() -> None:
    assert at_least(2)('2') == 2
    assert at_least(-1)('-1') == -1
    for text in ('1', 'x', '2.0', ''):
        with pytest.raises(argparse.ArgumentTypeError, match=f"'{text}' is not a whole number"):
            at_least(2)(text)


@pytest.mark.parametrize(
    ('outcome', 'status', 'written'),
    [
        (None, 0, ''),
        (2, 2, ''),
        (ValueError('wrong box'), 1, 'error: wrong box\n'),
        (FileNotFoundError('no file'), 1, 'error: no file\n'),
        (KeyboardInterrupt(), 130, ''),
    ],
)
def test_exit_status(outcome: Any, status: int, written: str, capsys: Any) -> None:
    def run(args: argparse.Namespace) -> Any:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    assert run_tool(run, argparse.Namespace()) == status
    assert capsys.readouterr().err == written


def test_faults_of_a_tool_keep_their_traceback() -> None:
    with pytest.raises(KeyError):
        run_tool(lambda args: {}['x'], argparse.Namespace())
