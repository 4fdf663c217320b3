"""Python code that a Keras configuration names: what `load_model` looks for, and may import, by module.

Keras 3 stores each object as `{"module": …, "class_name": …, "config": …, "registered_name": …}`.
Nothing is imported here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgelint.ir.model import Reference

MOST_READ = 2_000_000
"""Entries of a configuration that are looked at."""

MOST_FOUND = 1000
"""References that are kept."""

KERAS = ("keras", "keras_core", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")
"""Packages whose classes are what models consist of."""

ACTING = frozenset(
    {
        *("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper", "audio_dataset_from_directory"),
        *("clear_session", "custom_object_scope", "deserialize_keras_object"),
        *("enable_unsafe_deserialization", "extract_archive", "get_file", "image_dataset_from_directory"),
        *("load_img", "load_model", "load_weights", "model_from_json", "register_keras_serializable"),
        *("save_img", "save_model", "save_weights", "serialize_keras_object", "text_dataset_from_directory"),
    }
)
"""What these packages have besides: functions that act, which Keras 3.15 refuses in a model
(`NON_MODELING_APIS` in keras/src/saving/serialization_lib.py), and layers that bring foreign code."""

LOOKUPS = ("StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization")
"""Layers with a vocabulary: a list, or the path of a file with one."""


def references(*configurations: Any) -> tuple[Reference, ...]:
    """The references in stored configurations, each once, in order; Keras's own building blocks left out."""
    found: dict[Reference, None] = {}
    for reference in _every(configurations):
        if len(found) == MOST_FOUND:
            break
        found.setdefault(reference)
    return tuple(found)


def _every(configurations: tuple[Any, ...]) -> Iterator[Reference]:
    pending: list[tuple[Any, str]] = [(each, "") for each in reversed(configurations)]
    for _ in range(MOST_READ):
        if not pending:
            return
        item, place = pending.pop()
        if isinstance(item, Mapping):
            place = _name(item) or place
            reference = _reference(item, place) or _file(item, place)
            if reference is not None:
                yield reference
            pending.extend((inner, place) for inner in reversed(list(item.values())) if _is_nest(inner))
        elif isinstance(item, list):
            pending.extend((inner, place) for inner in reversed(item) if _is_nest(inner))


def _is_nest(item: Any) -> bool:
    return isinstance(item, (Mapping, list))


def _name(item: Mapping[str, Any]) -> str:
    config = item.get("config")
    name = config.get("name") if isinstance(config, Mapping) else None
    return name if isinstance(name, str) else ""


def _reference(item: Mapping[str, Any], place: str) -> Reference | None:
    module, name = item.get("module"), item.get("class_name")
    if not isinstance(module, str) or not isinstance(name, str) or not module or "config" not in item:
        return None
    if name == "function" and isinstance(item["config"], str):
        name = item["config"]
    if _is_of_keras(module) and name not in ACTING:
        return None
    return Reference(module, name, place)


def _file(item: Mapping[str, Any], place: str) -> Reference | None:
    """A vocabulary that is a path: the layer opens it when it is made (CVE-2025-12058)."""
    config = item.get("config")
    if item.get("class_name") not in LOOKUPS or not isinstance(config, Mapping):
        return None
    path = config.get("vocabulary")
    return Reference("", path, place) if isinstance(path, str) and path else None


def _is_of_keras(module: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in KERAS)
