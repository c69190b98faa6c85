# Tests a student of eatrack_micro_1xb16-1500i_synthetic-uav-near.py with temporal adaptation.
_base_ = './eatrack_micro_1xb16-1500i_synthetic-uav-near.py'

# Fitted by tools/calibrate.py to two such students (seeds 0 and 1) on another set (seed 7).
confidence = dict(
    type='mmeatrack.CalibratedConfidence',
    weights=[1.074, 0.586, 3.997, 0.87, -4.784],
    bias=-2.915,
)
model = dict(
    confidence=confidence,
    lost_detector=dict(lost_below=0.2, found_above=0.5),
    test_cfg=dict(lost_search_factor=4.0),
)
custom_hooks = [
    dict(
        type='mmeatrack.TemporalAdaptationHook',
        store=dict(threshold='auto', interval='auto', sampling='score'),
    )
]
