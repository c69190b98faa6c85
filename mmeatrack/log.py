"""Warnings in mmengine's log, from modules that do not import it."""

import logging


def warn(message: str) -> None:
    """Log a warning with the current run's logger; with Python's where MMEngine is missing."""
    try:
        from mmengine.logging import print_log  # imports torch
    except ImportError:
        logging.getLogger('mmeatrack').warning(message)
        return
    print_log(message, 'current', level=logging.WARNING)
