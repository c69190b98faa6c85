# DTB70, for testing. Set test_dataloader.dataset.data_root to the folder that holds Animal1/,
# Animal2/ ...
_base_ = './one_pass_evaluation.py'

test_dataloader = dict(
    dataset=dict(
        type='mmeatrack.DTB70Dataset',
        data_root='data/DTB70',
    )
)
val_dataloader = test_dataloader

# Raw results: <result_dir>/<tracker_name>/<benchmark>/<sequence>.txt, one x,y,w,h per line.
test_evaluator = dict(result_dir='work_dirs/raw_results/dtb70')
val_evaluator = test_evaluator
