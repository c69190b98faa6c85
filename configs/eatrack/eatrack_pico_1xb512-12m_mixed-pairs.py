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
                type='mmeatrack.VideoPairs',
                pack_root='data/packs',
                crops=dict(
                    template_size=48, search_size=96, template_factor=1.5, search_factor=3.0
                ),
            ),
            dict(
                type='mmeatrack.StillPairs',
                photo_root='data/stills/photos',
                cutout_root='data/stills/cutouts',
                crops=dict(
                    template_size=48, search_size=96, template_factor=1.5, search_factor=3.0
                ),
            ),
        ],
        weights=[0.4, 0.6],
    ),
)
custom_hooks = [
    dict(type='mmeatrack.WallTimeHook', minutes=12),
    dict(type='EMAHook', momentum=0.005, update_buffers=True),
]
