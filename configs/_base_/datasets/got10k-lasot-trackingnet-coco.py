# EATrack's training data: GOT-10k, LaSOT, TrackingNet and COCO, sampled 1:1:1:1, in the layout and
# with the info files of mmtrack's dataset preparation.
_base_ = './two_templates.py'

train_dataloader = dict(
    num_workers=8,
    pin_memory=True,
    sampler=dict(samples_per_epoch=60000),
    dataset=dict(
        _delete_=True,
        type='RandomSampleConcatDataset',
        dataset_sampling_weights=[1, 1, 1, 1],
        datasets=[
            dict(
                type='GOT10kDataset',
                data_root='data/',
                ann_file='GOT10k/annotations/got10k_train_vot_infos.txt',
                data_prefix=dict(img_path='GOT10k'),
                pipeline=_base_.train_dataloader.dataset.pipeline,
                test_mode=False,
            ),
            dict(
                type='LaSOTDataset',
                data_root='data/',
                ann_file='LaSOT_full/annotations/lasot_train_infos.txt',
                data_prefix=dict(img_path='LaSOT_full/LaSOTBenchmark'),
                pipeline=_base_.train_dataloader.dataset.pipeline,
                test_mode=False,
            ),
            dict(
                type='TrackingNetDataset',
                data_root='data/',
                ann_file='TrackingNet/annotations/trackingnet_train_infos.txt',
                data_prefix=dict(img_path='TrackingNet'),
                pipeline=_base_.train_dataloader.dataset.pipeline,
                test_mode=False,
            ),
            dict(
                type='SOTCocoDataset',
                data_root='data/',
                ann_file='coco/annotations/instances_train2017.json',
                data_prefix=dict(img_path='coco/train2017'),
                pipeline=_base_.train_dataloader.dataset.pipeline,
                test_mode=False,
            ),
        ],
    ),
)
