"""
The order of a run, a check and a review: the only place that knows it.

What a check does not need, such as siting and maps, is not loaded for it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
