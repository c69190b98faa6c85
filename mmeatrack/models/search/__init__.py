"""Network of a search frame: plain as in training, or faster with the same result."""

from .fast_network import FastNetwork
from .network_of_weights import CompiledNetwork, NetworkOfWeights
from .plain_network import PlainNetwork

__all__ = ['CompiledNetwork', 'FastNetwork', 'NetworkOfWeights', 'PlainNetwork']
