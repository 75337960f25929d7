"""
Sources → validated layers in the study's plane; see `load`.

The door is loaded when it is first asked for: whoever only reads an extract needs no validation.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
