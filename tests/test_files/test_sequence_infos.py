from collections import Counter
from pathlib import Path
from typing import List

import pytest

from mmeatrack.files.sequence_infos import (
    SequenceRange,
    load_infos_file,
    load_sequence_table,
    name_sequences,
)


def load(folder: Path, text: str, encoding: str = 'utf-8') -> List[dict]:
    """Load an infos file with these lines."""
    path = folder / 'infos.txt'
    path.write_bytes(text.encode(encoding))
    return load_infos_file(path)


def test_uav123_has_parts_of_folders_with_gaps_and_shared_frames() -> None:
    by_name = {sequence.name: sequence for sequence in load_sequence_table('uav123')}

    assert by_name['bird1_2'] == SequenceRange('bird1_2', 'bird1', 775, 1477)
    assert by_name['bird1_1'].last == 253  # a gap follows
    assert by_name['car16_1'].last == by_name['car16_2'].first == 415  # a shared frame
    assert Counter(sequence.folder for sequence in by_name.values())['car6'] == 5


def test_infos_file_names_sequences_after_their_annotation(tmp_path: Path) -> None:
    text = 'The format is path,path,first,last\r\nseq/bird1,anno/bird1_2.txt,775,1477\r\n\n'

    assert load(tmp_path, text) == [
        dict(
            seq_name='bird1_2',
            video_path='seq/bird1',
            ann_path='anno/bird1_2.txt',
            start_frame_id=775,
            end_frame_id=1477,
        )
    ]


@pytest.mark.parametrize(
    ('lines', 'names'),
    [
        (['a/img,a/groundtruth.txt,1,9', 'b/img,b/groundtruth.txt,1,9'], ['a', 'b']),
        (['x,a/boxes.txt,1,9', 'x,b/boxes.txt,1,9'], ['a', 'b']),
        (
            [f'J/img,J/groundtruth_rect.{n}.txt,1,9' for n in '12'] + ['C,C/groundtruth.txt,1,9'],
            ['J-1', 'J-2', 'C'],
        ),
    ],
    ids=['groundtruth', 'equal names', 'two targets'],
)
def test_infos_file_names_sequences_after_the_folder_if_the_files_are_alike(
    tmp_path: Path, lines: List[str], names: List[str]
) -> None:
    assert [info['seq_name'] for info in load(tmp_path, '\n'.join(['header', *lines]))] == names


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_infos_file_without_a_header_keeps_its_first_sequence(
    tmp_path: Path, encoding: str
) -> None:
    rows = 's0/img,s0/groundtruth_rect.txt,1,12\r\n"s1/a, b/img",s1/groundtruth_rect.txt,1,12\r\n'
    infos = load(tmp_path, '\r\n' + rows + '\x1a', encoding)

    assert [info['seq_name'] for info in infos] == ['s0', 's1']
    assert [info['video_path'] for info in infos] == ['s0/img', 's1/a, b/img']


@pytest.mark.parametrize(
    'line', ['a,a.txt,1', 'a,a.txt,1,x', 'a,a.txt,,', 'a b,9,1', 'a,a.txt,9,1', 'a,a.txt,-1,9']
)
def test_malformed_first_line_is_not_a_header(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match=r'infos\.txt, line 1: '):
        load(tmp_path, line + '\nb,b.txt,1,9\n')


def test_errors_of_infos_files_name_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'infos\.txt, line 3'):
        load(tmp_path, 'header\na,a.txt,1,9\nb,b.txt,1\n')
    with pytest.raises(ValueError, match=r'infos\.txt, line 2: .* at most one header'):
        load(tmp_path, 'video,annotation,start,end\n' * 2 + 'b,b.txt,1,9\n')
    with pytest.raises(FileNotFoundError, match='nowhere'):
        load_infos_file(tmp_path / 'nowhere.txt')


def test_infos_need_paths_and_unique_names() -> None:
    with pytest.raises(ValueError, match="2 sequences are named 'a'"):
        name_sequences([dict(seq_name='a', video_path='x', ann_path='x.txt')] * 2, 'sequences')
    with pytest.raises(ValueError, match='needs video_path and ann_path'):
        name_sequences([dict(video_path='x')], 'sequences')
    with pytest.raises(ValueError, match='empty'):
        name_sequences([], 'sequences')
