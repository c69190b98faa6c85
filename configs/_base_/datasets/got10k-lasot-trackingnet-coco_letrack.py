# The same four sets with the published values of LETrack, the same lab's closest recipe: epochs of
# 30,000 samples, frames up to 300 apart, and more jitter in the search crop's centre and scale.
_base_ = './got10k-lasot-trackingnet-coco.py'

train_dataloader = dict(
    sampler=dict(samples_per_epoch=30000),
    dataset=dict(
        datasets=[
            dict(
                each,
                pipeline=[
                    dict(
                        step,
                        **dict(
                            TridentSampling=dict(max_frame_range=[300]),
                            SeqBboxJitter=dict(
                                center_jitter_factor=[0, 0, 3.5], scale_jitter_factor=[0, 0, 0.5]
                            ),
                        ).get(step['type'], {}),
                    )
                    for step in each['pipeline']
                ],
            )
            for each in _base_.train_dataloader.dataset.datasets
        ]
    ),
)
