# Tests a micro student with temporal adaptation.
_base_ = './eatrack_micro_1xb32-400i_synthetic-uav.py'

# Scores of a student trained for minutes are low, and so is the threshold.
custom_hooks = [
    dict(type='mmeatrack.TemporalAdaptationHook', store=dict(threshold=0.3, interval=5))
]
