"""Multi-object tracking by a detector and EATrack."""

from .association import Association, AssociationRules, Detections
from .eatrack_mot import EATrackMOT

__all__ = ['Association', 'AssociationRules', 'Detections', 'EATrackMOT']
