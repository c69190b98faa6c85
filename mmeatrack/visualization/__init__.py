"""Pictures: curves of an evaluation and what else there is to see."""

from .ope_plots import plot_curves, plot_radar

__all__ = ['plot_curves', 'plot_radar']
