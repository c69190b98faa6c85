# The student of tools/ablation_temporal.py. Its training pairs are close in time, so that a video
# shows more change than any pair, as in sets whose videos are much longer than a pair's distance.
_base_ = './eatrack_micro_1xb16-500i_synthetic-uav.py'

# Half of the samples have no temporal tokens: the student has to do well without them, too.
model = dict(train_cfg=dict(temporal_drop=0.5))
train_cfg = dict(max_iters=1500, val_interval=150000)
_base_.param_scheduler[1].update(end=1500)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            # Maximum distances of the templates from the search frame; a video has 60 frames.
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
