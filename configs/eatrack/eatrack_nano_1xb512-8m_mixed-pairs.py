# The nano student for some minutes on one GPU.
_base_ = [
    '../_base_/models/eatrack_nano.py',
    '../_base_/datasets/mixed_pairs_gpu.py',
    '../_base_/schedules/eatrack_nano_gpu_minutes.py',
]

train_dataloader = dict(batch_size=512)
