"""Solid figures and their pictures, for cut-outs."""
