# The pico student for some minutes on one GPU.
_base_ = [
    '../_base_/models/eatrack_pico.py',
    '../_base_/datasets/mixed_pairs_gpu.py',
    '../_base_/schedules/eatrack_nano_gpu_minutes.py',
]

train_dataloader = dict(
    batch_size=512,
    dataset=dict(
        sets=[
            dict(
                each,
                crops=dict(
                    template_size=_base_.model.backbone.template_size,
                    search_size=_base_.model.backbone.search_size,
                    template_factor=_base_.model.test_cfg.template_factor,
                    search_factor=_base_.model.test_cfg.search_factor,
                ),
            )
            for each in _base_.train_dataloader.dataset.sets
        ],
        weights=[0.4, 0.6],
    ),
)
custom_hooks = [
    dict(type='mmeatrack.WallTimeHook', minutes=12),
    dict(type='EMAHook', momentum=0.005, update_buffers=True),
]
