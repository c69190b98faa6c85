"""Web page to try a tracker on your own videos; started by ``tools/web_demo.py``.

Only :mod:`mmeatrack.web.page` and ``server`` need Gradio (``pip install mmeatrack[web]``).
"""
