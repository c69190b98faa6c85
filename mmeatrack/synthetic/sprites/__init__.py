"""Sprites of moving objects: drawn once at high resolution, then warped into every frame."""
