"""Warnings in MMEngine's log, for modules that must not import it."""

import logging


def warn(message: str) -> None:
    """Log a warning with the current run's logger, or with Python's if MMEngine is missing."""
    try:
        from mmengine.logging import print_log  # imports torch
    except ImportError:
        logging.getLogger('mmeatrack').warning(message)
        return
    print_log(message, 'current', level=logging.WARNING)
