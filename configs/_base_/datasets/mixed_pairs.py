# Training pairs made from packed synthetic videos, photographs and cut-outs.
# tools/lab/pack_synthetic.py and tools/lab/collect_stills.py fill these folders.
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='InfiniteSampler', shuffle=False),
    dataset=dict(
        type='mmeatrack.MixedPairs',
        sets=[
            dict(type='mmeatrack.VideoPairs', pack_root='data/packs'),
            dict(
                type='mmeatrack.StillPairs',
                photo_root='data/stills/photos',
                cutout_root='data/stills/cutouts',
            ),
        ],
        weights=[0.5, 0.5],
        # The temporal slot is empty in most steps, as before the first view of a video.
        temporal=0.3,
    ),
)
