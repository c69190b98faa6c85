# mmdet's YOLOX-tiny starts and corrects tracks, the shipped nano student tracks in between.
# num_classes is the data set's; detector weights come from model.detector.init_cfg or --checkpoint.
custom_imports = dict(imports=['mmeatrack'], allow_failed_imports=False)

model = dict(
    type='mmeatrack.EATrackMOT',
    # The detector runs on every k-th frame, resized to fit this width and height.
    detect_every=1,
    detector_size=(1088, 608),
    detector=dict(
        _scope_='mmdet',
        type='YOLOX',
        data_preprocessor=dict(type='DetDataPreprocessor', pad_size_divisor=32),
        backbone=dict(type='CSPDarknet', deepen_factor=0.33, widen_factor=0.375),
        neck=dict(
            type='YOLOXPAFPN',
            in_channels=[96, 192, 384],
            out_channels=96,
            num_csp_blocks=1,
        ),
        bbox_head=dict(type='YOLOXHead', num_classes=1, in_channels=96, feat_channels=96),
        train_cfg=dict(assigner=dict(type='SimOTAAssigner', center_radius=2.5)),
        test_cfg=dict(score_thr=0.05, nms=dict(type='nms', iou_threshold=0.65)),
    ),
    tracker='mmeatrack/weights/eatrack_nano.safetensors',
)
