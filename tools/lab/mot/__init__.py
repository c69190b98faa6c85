"""Multi-object trackers compared on the same detections."""
