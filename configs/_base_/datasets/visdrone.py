# VisDrone2018-SOT-test-dev, for testing. Set test_dataloader.dataset.data_root to the folder that
# holds sequences/, annotations/ and attributes/.
_base_ = './one_pass_evaluation.py'

test_dataloader = dict(
    dataset=dict(
        type='mmeatrack.VisDroneSOTDataset',
        data_root='data/VisDrone2018-SOT-test-dev',
    )
)
val_dataloader = test_dataloader

# Raw results: <result_dir>/<tracker_name>/<benchmark>/<sequence>.txt, one x,y,w,h per line.
test_evaluator = dict(result_dir='work_dirs/raw_results/visdrone')
val_evaluator = test_evaluator
