# Tests a micro student with temporal adaptation.
_base_ = './eatrack_micro_1xb32-800i_synthetic-uav.py'

custom_hooks = [dict(type='mmeatrack.TemporalAdaptationHook', store=dict(interval=10))]
