from collections import Counter
from pathlib import Path

import pytest

from mmeatrack.files.sequence_infos import (
    SequenceRange,
    load_infos_file,
    load_sequence_table,
    name_sequences,
)


@pytest.mark.parametrize(('table', 'num_frames'), [('uav123', 112578), ('uav123_10fps', 37607)])
def test_tables_hold_the_whole_benchmark(table: str, num_frames: int) -> None:
    sequences = load_sequence_table(table)

    assert len(sequences) == len({sequence.name for sequence in sequences}) == 123
    assert sum(sequence.last - sequence.first + 1 for sequence in sequences) == num_frames


def test_uav123_has_parts_of_folders_with_gaps_and_shared_frames() -> None:
    by_name = {sequence.name: sequence for sequence in load_sequence_table('uav123')}

    assert by_name['bird1_2'] == SequenceRange('bird1_2', 'bird1', 775, 1477)
    assert by_name['bird1_1'].last == 253  # a gap follows
    assert by_name['car16_1'].last == by_name['car16_2'].first == 415  # a shared frame
    assert Counter(sequence.folder for sequence in by_name.values())['car6'] == 5


def test_infos_file_names_sequences_after_their_annotation(tmp_path: Path) -> None:
    path = tmp_path / 'infos.txt'
    path.write_text(
        'The format is path,path,first,last\r\nseq/bird1,anno/bird1_2.txt,775,1477\r\n\n'
    )

    assert load_infos_file(path) == [
        dict(
            seq_name='bird1_2',
            video_path='seq/bird1',
            ann_path='anno/bird1_2.txt',
            start_frame_id=775,
            end_frame_id=1477,
        )
    ]


def test_infos_file_names_sequences_after_the_folder_if_the_files_are_alike(tmp_path: Path) -> None:
    path = tmp_path / 'infos.txt'
    path.write_text('header\na/img,a/groundtruth.txt,1,9\nb/img,b/groundtruth.txt,1,9\n')

    assert [info['seq_name'] for info in load_infos_file(path)] == ['a', 'b']


def test_infos_file_errors_name_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / 'infos.txt'
    path.write_text('header\na,a.txt,1,9\nb,b.txt,1\n')

    with pytest.raises(ValueError, match=r'infos\.txt, line 3'):
        load_infos_file(path)
    with pytest.raises(FileNotFoundError, match='nowhere'):
        load_infos_file(tmp_path / 'nowhere.txt')


def test_names_must_be_unique() -> None:
    infos = [dict(seq_name='a', video_path='x', ann_path='x.txt')] * 2

    with pytest.raises(ValueError, match="2 sequences are named 'a'"):
        name_sequences(infos, 'sequences')


def test_infos_need_paths() -> None:
    with pytest.raises(ValueError, match='needs video_path and ann_path'):
        name_sequences([dict(video_path='x')], 'sequences')
    with pytest.raises(ValueError, match='empty'):
        name_sequences([], 'sequences')


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_infos_file_without_a_header_keeps_its_first_sequence(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / 'infos.txt'
    rows = 's0/img,s0/groundtruth_rect.txt,1,12\r\n"s1/a, b/img",s1/groundtruth_rect.txt,1,12\r\n'
    path.write_bytes(('\r\n' + rows + '\x1a').encode(encoding))

    infos = load_infos_file(path)

    assert [info['seq_name'] for info in infos] == ['s0', 's1']
    assert [info['video_path'] for info in infos] == ['s0/img', 's1/a, b/img']


@pytest.mark.parametrize(
    'line', ['a,a.txt,1', 'a,a.txt,1,x', 'a,a.txt,,', 'a b,9,1', 'a,a.txt,9,1', 'a,a.txt,-1,9']
)
def test_malformed_first_line_is_not_a_header(tmp_path: Path, line: str) -> None:
    path = tmp_path / 'infos.txt'
    path.write_text(line + '\nb,b.txt,1,9\n')

    with pytest.raises(ValueError, match=r'infos\.txt, line 1: '):
        load_infos_file(path)


def test_second_header_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'infos.txt'
    path.write_text('video,annotation,start,end\nvideo,annotation,start,end\nb,b.txt,1,9\n')

    with pytest.raises(ValueError, match=r'infos\.txt, line 2: .* at most one header'):
        load_infos_file(path)


def test_two_targets_of_a_folder_are_two_sequences(tmp_path: Path) -> None:
    path = tmp_path / 'infos.txt'
    path.write_text(
        'Jogging/img,Jogging/groundtruth_rect.1.txt,1,307\n'
        'Jogging/img,Jogging/groundtruth_rect.2.txt,1,307\n'
        'Car1/img,Car1/groundtruth_rect.txt,1,1020\n'
    )

    names = [info['seq_name'] for info in load_infos_file(path)]
    assert names == ['Jogging-1', 'Jogging-2', 'Car1']
