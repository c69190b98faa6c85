# Many targets on UAVDT-M: vehicles of three classes, scored as one. Set data_root to the folder
# that holds UAV-benchmark-M/ and UAV-benchmark-MOTD_v1.0/.
_base_ = [
    '../_base_/models/eatrack_nano_mot-yolox-tiny.py',
    '../_base_/datasets/mot.py',
    '../_base_/mot_runtime.py',
]

model = dict(detector=dict(bbox_head=dict(num_classes=3)))

test_dataloader = dict(
    dataset=dict(
        type='mmeatrack.UAVDTMOTDataset',
        data_root='data/UAVDT',
        # The official test split.
        sequences=[
            'M0203',
            'M0205',
            'M0208',
            'M0209',
            'M0403',
            'M0601',
            'M0602',
            'M0606',
            'M0701',
            'M0801',
            'M0802',
            'M1001',
            'M1004',
            'M1007',
            'M1009',
            'M1101',
            'M1301',
            'M1302',
            'M1303',
            'M1401',
        ],
    )
)
val_dataloader = test_dataloader

test_evaluator = dict(by_class=False)
val_evaluator = test_evaluator
