"""HDF5 files, read with every offset checked and every count bounded; knows nothing of Keras.

Written after the HDF5 File Format Specification, version 3.0 (The HDF Group), whose sections the
modules name. Attributes and headers are read when asked for; contents stay on disk. Nothing outside
the file is ever opened: external links, external storage and virtual datasets are refused.
"""

from __future__ import annotations

from edgelint.loaders.hdf5.dataset import Dataset
from edgelint.loaders.hdf5.errors import Damaged, HDF5Error, LeadsElsewhere, LiesElsewhere, Unreadable
from edgelint.loaders.hdf5.file import File
from edgelint.loaders.hdf5.group import Group
from edgelint.loaders.hdf5.source import Source

__all__ = [
    "Damaged",
    "Dataset",
    "File",
    "Group",
    "HDF5Error",
    "LeadsElsewhere",
    "LiesElsewhere",
    "Source",
    "Unreadable",
]
