# UAV123@10fps, for testing. Set test_dataloader.dataset.data_root to the folder that holds
# data_seq/UAV123_10fps/ and anno/UAV123_10fps/.
_base_ = './one_pass_evaluation.py'

test_dataloader = dict(
    dataset=dict(
        type='mmeatrack.UAV123At10fpsDataset',
        data_root='data/UAV123_10fps',
    )
)
val_dataloader = test_dataloader

# Raw results: <result_dir>/<tracker_name>/<benchmark>/<sequence>.txt, one x,y,w,h per line.
test_evaluator = dict(result_dir='work_dirs/raw_results/uav123-10fps')
val_evaluator = test_evaluator
