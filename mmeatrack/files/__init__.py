"""Files on disk: boxes, attributes, frames, sequence lists, raw results and atomic writing.

The modules import neither torch nor an OpenMMLab package at the top, so that tools that only read
files start at once.
"""
