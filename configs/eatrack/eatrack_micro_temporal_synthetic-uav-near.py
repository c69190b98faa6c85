# Tests a student of eatrack_micro_1xb16-1500i_synthetic-uav-near.py with temporal adaptation.
_base_ = './eatrack_micro_1xb16-1500i_synthetic-uav-near.py'

# Fitted by tools/calibrate.py to three such students on another set (seed 7).
confidence = dict(
    type='mmeatrack.CalibratedConfidence',
    weights=[0.997, -0.018, 2.621, 1.317, -3.47],
    bias=-1.77,
)
model = dict(
    confidence=confidence,
    lost_detector=dict(lost_below=0.2, found_above=0.5),
    test_cfg=dict(lost_search_factor=4.0),
)
custom_hooks = [
    dict(
        type='mmeatrack.TemporalAdaptationHook',
        store=dict(threshold=0.9, interval=5, sampling='score'),
    )
]
