# Training pairs made from packed synthetic videos, photographs and cut-outs; see
# tools/lab/pack_videos.py and tools/lab/collect_stills.py for what fills these folders.
pack_root = 'data/packs'
photo_root = 'data/stills/photos'
cutout_root = 'data/stills/cutouts'

train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='InfiniteSampler', shuffle=False),
    dataset=dict(
        type='mmeatrack.MixedPairs',
        sets=[
            dict(type='mmeatrack.VideoPairs', pack_root=pack_root),
            dict(type='mmeatrack.StillPairs', photo_root=photo_root, cutout_root=cutout_root),
        ],
        weights=[0.5, 0.5],
        # The temporal slot is empty in most steps, as before a video's first view.
        temporal=0.3,
    ),
)
