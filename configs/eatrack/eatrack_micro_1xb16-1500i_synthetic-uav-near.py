# The student of tools/ablation_temporal.py. Its training pairs are near in time: a video shows more
# change than they do, as those do that are much longer than the distance of training pairs.
_base_ = './eatrack_micro_1xb16-500i_synthetic-uav.py'

# As good without temporal tokens as with them: they are left out half of the time.
model = dict(train_cfg=dict(temporal_drop=0.5))
train_cfg = dict(max_iters=1500, val_interval=150000)
_base_.param_scheduler[1].update(end=1500)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            # Frames from the search frame to the templates at most; a training video has 60.
            dict(
                type='mmeatrack.NearSampling',
                max_template_range=12,
                num_search_frames=1,
                num_template_frames=2,
                max_frame_range=[8],
            ),
            *_base_.train_dataloader.dataset.pipeline[1:],
        ]
    )
)
