"""Pictures of what moves: drawn once at high resolution, then warped into every frame."""
