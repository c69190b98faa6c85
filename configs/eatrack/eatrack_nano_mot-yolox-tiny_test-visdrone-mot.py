# Many targets on VisDrone-MOT: the five classes of its toolkit, scored separately. Set
# data_root to the folder of a split.
_base_ = [
    '../_base_/models/eatrack_nano_mot-yolox-tiny.py',
    '../_base_/datasets/mot.py',
    '../_base_/mot_runtime.py',
]

model = dict(detector=dict(bbox_head=dict(num_classes=5)))

test_dataloader = dict(
    dataset=dict(
        type='mmeatrack.VisDroneMOTDataset', data_root='data/VisDrone-MOT/VisDrone2019-MOT-val'
    )
)
val_dataloader = test_dataloader
