# VisDrone2018-SOT-test-dev, for testing. Set data_root to the folder that holds sequences/,
# annotations/ and attributes/.
_base_ = './one_pass_evaluation.py'

data_root = 'data/VisDrone2018-SOT-test-dev'

test_dataloader = dict(
    dataset=dict(
        type='mmeatrack.VisDroneSOTDataset',
        data_root=data_root,
    )
)
val_dataloader = test_dataloader
