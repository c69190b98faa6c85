# Tests that student with views of the ground truth in place of the Target Store, for comparison.
_base_ = './eatrack_micro_temporal_synthetic-uav-near.py'

custom_hooks = [dict(type='mmeatrack.ReferenceViewsHook', interval=None)]
