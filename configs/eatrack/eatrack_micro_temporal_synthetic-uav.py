# Tests a micro student with temporal adaptation.
_base_ = './eatrack_micro_1xb16-500i_synthetic-uav.py'

# Chosen on another synthetic test set (seed 7); see README.md in this folder.
custom_hooks = [
    dict(
        type='mmeatrack.TemporalAdaptationHook',
        store=dict(threshold=0.5, interval=5, sampling='score'),
    )
]
