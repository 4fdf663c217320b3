"""All small models that both the real converter and the prediction are given."""

from tests.lowering import grid_chains as grid_chains
from tests.lowering import grid_layers as grid_layers
from tests.lowering.grid_entry import GRID, build, randomized

__all__ = ["GRID", "build", "randomized"]
