# Tests that student with oracle views in the temporal slot: an upper bound for any store.
_base_ = './eatrack_micro_temporal_synthetic-uav-near.py'

custom_hooks = [dict(type='mmeatrack.OracleViewsHook', interval=5)]
