"""Page on which people try a tracker on videos of their own; started by ``tools/web_demo.py``.

Only :mod:`mmeatrack.web.page` needs Gradio (``pip install mmeatrack[web]``).
"""
