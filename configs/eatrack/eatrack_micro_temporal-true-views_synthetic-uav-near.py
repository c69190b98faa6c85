# Former name of the config below.
_base_ = './eatrack_micro_temporal-oracle-views_synthetic-uav-near.py'
_deprecation_ = dict(expected='eatrack_micro_temporal-oracle-views_synthetic-uav-near.py')
