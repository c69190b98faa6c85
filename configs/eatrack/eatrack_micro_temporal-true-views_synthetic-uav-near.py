# Tests that student with the true target in the temporal slot: the most that a store can bring.
_base_ = './eatrack_micro_temporal_synthetic-uav-near.py'

custom_hooks = [dict(type='mmeatrack.OracleViewsHook', interval=5)]
