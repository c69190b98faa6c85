# UAVDT-S, for testing. Set test_dataloader.dataset.data_root to the folder that holds sequences/
# and anno/. If a mirror has data_seq/ instead, add data_prefix=dict(img_path='data_seq').
_base_ = './one_pass_evaluation.py'

test_dataloader = dict(
    dataset=dict(
        type='mmeatrack.UAVDTDataset',
        data_root='data/UAVDT',
    )
)
val_dataloader = test_dataloader

# Raw results: <result_dir>/<tracker_name>/<benchmark>/<sequence>.txt, one x,y,w,h per line.
test_evaluator = dict(result_dir='work_dirs/raw_results/uavdt')
val_evaluator = test_evaluator
