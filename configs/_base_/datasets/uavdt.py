# UAVDT-S, for testing. Set data_root to the folder that holds sequences/ and anno/. Where a mirror
# says data_seq/, add data_prefix=dict(img_path='data_seq') to the dataset.
_base_ = './one_pass_evaluation.py'

data_root = 'data/UAVDT'

test_dataloader = dict(
    dataset=dict(
        type='mmeatrack.UAVDTDataset',
        data_root=data_root,
    )
)
val_dataloader = test_dataloader

# Raw results: <result_dir>/<tracker_name>/<sequence>.txt, x,y,w,h a line.
test_evaluator = dict(result_dir='work_dirs/raw_results/uavdt', tracker_name='EATrack')
val_evaluator = test_evaluator
