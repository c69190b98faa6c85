"""Tables of the two ablations from raw results; the trainings are tested as stages."""

from dataclasses import replace
from pathlib import Path
from typing import Any, List

import cv2
import numpy as np
import pytest

from lab.experiments import StageError, demo_results, temporal_tables
from lab.experiments.micro import MicroExperiment
from mmeatrack.engine.store_log import VideoLog, write_store_log
from mmeatrack.evaluation.run_folder import RunFolder, SequenceResult
from tests.scripts import load_script
from tests.test_datasets.trees import write_frames

TRUTH = np.array([[10.0, 10, 20, 20]] * 4)


def write_rows(path: Path, rows: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, rows, fmt='%.4f', delimiter=',')


@pytest.fixture
def experiment(tmp_path: Path) -> MicroExperiment:
    """Two sequences of four frames, one with occlusion."""
    for name, attribute in (('car_static_000', 'static'), ('car_occlusion_001', 'occlusion')):
        folder = tmp_path / 'data' / 'test' / name
        write_rows(folder / 'groundtruth_rect.txt', TRUTH)
        (folder / 'attributes.txt').write_text(attribute + '\n')
    return MicroExperiment(tmp_path / 'out', tmp_path / 'data')


def write_results(experiment: MicroExperiment, run: str, hits: int) -> None:
    """Raw results: the whole static sequence, scored 0.9; ``hits`` frames of the other, 0.1."""
    folder = RunFolder(experiment.out / 'results' / run)
    missed, unknown = TRUTH.copy(), np.full(4, np.nan)
    missed[hits:, :2] += 100
    for name, boxes, score in (('car_static_000', TRUTH, 0.9), ('car_occlusion_001', missed, 0.1)):
        scores = np.array([-1, score, score, score])
        folder.write(SequenceResult(name, boxes, scores, np.ones(4), unknown))


def test_rows_of_the_ablation(experiment: MicroExperiment, capsys: Any) -> None:
    ablation = load_script('ablation')
    for result, hits in (('Student', (1, 2)), ('Feature', (2, 2)), ('Distilled', (3, 4))):
        for seed, count in enumerate(hits):
            write_results(experiment, result if not seed else f'{result}-seed{seed}', count)
    write_results(experiment, 'Teacher', 4)
    ablation.show(experiment, list(ablation.LOSSES), [0, 1])
    # A perfect box is a success at 20 of 21 thresholds; means of 100 % and of hits / 4 of them.
    table = (experiment.out / 'ablation.md').read_text()
    rows = {row.split('|')[1].strip(): row.split('|')[2].strip() for row in table.splitlines()[2:]}
    full = 100 * 20 / 21
    assert rows == {
        'no distillation': f'{full * 0.6875:.1f} ± {full * 0.0625:.1f}',
        '+ feature': f'{full * 0.75:.1f} ± 0.0',
        '+ feature + prediction': f'{full * 0.9375:.1f} ± {full * 0.0625:.1f}',
        'teacher': f'{full:.1f}',
    }
    assert (experiment.out / 'ablation.png').stat().st_size > 10_000
    assert 'seeds [0, 1]' in capsys.readouterr().out


def test_tables_of_temporal_adaptation(experiment: MicroExperiment, capsys: Any) -> None:
    """Gains are paired by seed; counts are sums over the seeds."""
    for run, hits in (('Without', 1), ('Without-seed1', 3), ('With', 2), ('With-seed1', 4)):
        write_results(experiment, run, hits)
    for run in ('With', 'With-seed1'):
        folder = experiment.out / 'tests' / run
        folder.mkdir(parents=True)
        logs = [
            VideoLog('car_static_000', offered=3, confident=2, admitted=2),
            VideoLog('car_occlusion_001', 3, 2, 2, 1, 1, times_lost=1),
        ]
        write_store_log(logs, folder / 'target_store.csv')
    temporal_tables.show(experiment, ['Without', 'With'], [0, 1])
    gains, stores, line = (experiment.out / 'ablation_temporal.md').read_text().split('\n\n')
    full = 100 * 20 / 21
    assert cells(gains) == [
        ['all', '2', f'{full * 0.75:.1f} ± {full * 0.125:.1f}', f'+{full / 8:.1f} ± 0.0'],
        ['occlusion', '1', f'{full * 0.5:.1f} ± {full * 0.25:.1f}', f'+{full / 4:.1f} ± 0.0'],
        ['static', '1', f'{full:.1f} ± 0.0', '+0.0 ± 0.0'],
    ]
    assert cells(stores) == [
        ['all', '10', '2', '6', '2 (33.3 %)', '0', '2', '0'],
        ['occlusion', '4', '0', '2', '2 (100.0 %)', '0', '2', '0'],
        ['static', '6', '2', '4', '0 (0.0 %)', '0', '0', '0'],
    ]
    assert (experiment.out / 'reliability.png').stat().st_size > 10_000
    # Of the 6 frames scored 0.1, 1 of the first seed's and 3 of the second's are right; all of 0.9.
    # AUROC: 10 right and 2 wrong; 6 x 2 pairs in order and 4 x 2 that tie.
    assert 'over 12 frames: AUROC 0.800, expected calibration error 0.333' in line


def cells(table: str) -> List[List[str]]:
    return [[cell.strip() for cell in row.split('|')[1:-1]] for row in table.splitlines()[2:]]


def test_stages_of_an_experiment(experiment: MicroExperiment) -> None:
    """Runs of several seeds share the teacher and have separate folders."""
    first, second = (experiment.train_distilled(seed=seed) for seed in (0, 1))
    assert [stage.folder.name for stage in (first, second)] == ['distilled', 'distilled-seed1']
    assert first.after[1].fingerprint == second.after[1].fingerprint
    assert first.fingerprint != second.fingerprint
    weighted = experiment.train_distilled(distiller={'feature_weight': 2.0})
    assert 'model.distiller.feature_weight=2.0' in weighted.command
    pairs = experiment.train_auto_paired('auto', seed=1)
    student = experiment.out / 'student-seed1' / 'iter_500.pth'
    assert f'custom_hooks.0.student_ckpt={student}' in pairs.command
    assert [stage.name for stage in pairs.after[1:]] == ['train teacher', 'train student-seed1']
    both = experiment.train_from_two_teachers('two')
    assert [stage.name for stage in both.after[1:]] == ['train teacher', 'train teacher-seed1']
    # Another seed of the data is another stage; the default one needs no word.
    assert '--seed' not in experiment.make_data().command
    other = replace(experiment, data_options=('--seed', '3'))
    assert other.make_data().command[-2:] == ['--seed', '3']


@pytest.mark.parametrize('name', ['ablation', 'ablation_temporal', 'demo'])
def test_foreign_results_stop_it_before_the_first_stage(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    script, started = load_script(name), []
    monkeypatch.setattr(script, 'run_stages', lambda *args, **kwargs: started.append(args))
    mine = tmp_path / 'out' / {'demo': 'table.md'}.get(name, f'{name}.md')
    mine.parent.mkdir()
    mine.write_text('mine')
    status = script.main(['--out', str(tmp_path / 'out'), '--data', str(tmp_path / 'data')])
    assert status == 1
    error = capsys.readouterr().err
    assert f'{mine.name}: there already, and not written by {name}.py' in error
    assert '--overwrite' in error
    assert not started
    assert mine.read_text() == 'mine'


def test_fresh_start_removes_experiments_only(experiment: MicroExperiment, tmp_path: Path) -> None:
    experiment.remove()  # nothing is there yet
    mine = experiment.out / 'notes.txt'
    mine.parent.mkdir()
    mine.write_text('mine')
    with pytest.raises(StageError, match='out holds no experiment'):
        experiment.remove()
    assert mine.read_text() == 'mine'
    mark = experiment.out / 'data' / 'stage.json'
    mark.parent.mkdir()
    mark.write_text('{}')
    experiment.remove()
    assert not experiment.out.exists()


def test_fresh_demo_does_not_delete_its_input(
    experiment: MicroExperiment, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    demo = load_script('demo')
    monkeypatch.setattr(demo, 'run_stages', lambda *_, **__: pytest.fail('was run'))
    for name in ('flight.mp4', 'data/stage.json'):
        (experiment.out / name).parent.mkdir(parents=True, exist_ok=True)
        (experiment.out / name).write_text('{}')
    video = experiment.out / 'flight.mp4'
    given = ['--out', str(experiment.out), '--data', str(experiment.data), '--fresh']
    assert demo.main([*given, '--input', str(video), '--init-bbox', '1,2,3,4']) == 1
    assert 'flight.mp4 in it: move it' in capsys.readouterr().err
    assert video.exists()


@pytest.mark.parametrize(
    ('success', 'missed'),
    [
        # Teacher, student, distilled, with temporal adaptation: two processors, seed 0.
        ((50.1, 37.7, 47.0, 49.2), []),
        ((48.6, 38.7, 45.3, 47.3), []),
        ((50.1, 47.0, 46.0, 49.2), ['Teacher leads Student by 3.1', 'Distilled leads Student by']),
        ((50.1, 37.7, 47.0, 47.3), ['Distilled+Temporal leads Distilled by 0.3']),
    ],
)
def test_demo_checks_order_and_margins(success: tuple, missed: List[str]) -> None:
    names = ('Teacher', 'Student', 'Distilled', 'Distilled+Temporal')
    found = demo_results.missed_leads(dict(zip(names, success)))
    assert len(found) == len(missed)
    assert all(line.startswith(start) for line, start in zip(found, missed))


def test_demo_writes_table_plots_curves_and_video(
    experiment: MicroExperiment, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    images = experiment.data / 'test' / 'car_occlusion_001' / 'img'
    write_frames(images, len(TRUTH))
    for run, hits in (('Teacher', 4), ('Student', 1), ('Distilled', 2), ('Distilled+Temporal', 3)):
        write_results(experiment, run, hits)
    for run in ('teacher', 'student', 'distilled'):
        scalars = experiment.out / run / '20260101' / 'vis_data' / 'scalars.json'
        scalars.parent.mkdir(parents=True)
        scalars.write_text('{"loss": 2.0, "step": 1}\n{"loss": 1.0, "step": 2}\n')
    monkeypatch.setattr(demo_results, 'VIDEO_SCENARIOS', ('occlusion',))

    assert demo_results.show(experiment, [0]) == []

    table = cells((experiment.out / 'table.md').read_text())
    full = 100 * 20 / 21
    expected = [full * share for share in (1, 0.625, 0.75, 0.875)]
    assert [row[1] for row in table] == [f'{value:.1f}' for value in expected]
    assert (experiment.out / 'table.md').read_text() in capsys.readouterr().out
    written = {path.name for path in experiment.out.rglob('*') if path.is_file()}
    assert {'report.json', 'success.png', 'training_curves.png', 'comparison.csv'} <= written
    video = cv2.VideoCapture(str(experiment.out / 'tracking.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == len(TRUTH)
    assert demo_results.show(experiment, [0]) == []  # its own files are replaced
