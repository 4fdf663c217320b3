"""What edgelint promises for any file of up to 64 MiB, tested on the program itself.

A report or an error of one line with a code, within 10 seconds and 1 GiB, exit code 0, 1 or 2; never a
traceback, a signal, a control character, a file written or a program started.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from edgelint import bounds
from edgelint.errors import EdgelintError
from edgelint.ir import files
from edgelint.loaders.limits import MOST
from tests.conftest import ROOT
from tests.hostile import keras_files as keras
from tests.hostile import onnx_files as onnx
from tests.hostile import tflite_files as tflite
from tests.hostile.filling import FULL
from tests.hostile.flat import Numbers, Table, Text
from tests.hostile.names import NAMES
from tests.hostile.onnx_files import field, node, tensor, value
from tests.hostile.running import Run, broken_promises, run

pytestmark = pytest.mark.skipif(not hasattr(os, "wait4"), reason="needs what a Unix tells of processes")

Build = Callable[[], bytes]

NAN, INFINITY = float("nan"), float("inf")


def check(folder: Path, path: Path | str, *arguments: str) -> Run:
    """One run of `check`, or of the command that `arguments` begin with, all promises kept."""
    before = set(folder.iterdir())
    command = arguments or ("check",)
    done = run(folder, command[0], path, "--target", "cortex-m4", *command[1:])
    assert not broken_promises(done, folder, before), f"{done.figures}\n{done.out[:500]}\n{done.err[:500]}"
    return done


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def quantized(*parameters: tuple[list[float], list[int], int]) -> bytes:
    ends = [
        tflite.tensor(b"%d" % place, (1, 4), 9, quantization=tflite.quantization(*each))
        for place, each in enumerate(parameters)
    ]
    return tflite.relu(*ends)


SOUND = ([0.5], [0], 0)

SMALL: dict[str, tuple[str, Build]] = {
    "onnx-nested-10000": ("m.onnx", lambda: onnx.nested(10_000)),
    "onnx-nested-10000-unknown": ("m.onnx", lambda: onnx.nested(10_000, 99)),
    "onnx-nested-10000-graphs": ("m.onnx", lambda: onnx.nested_ifs(10_000)),
    "onnx-groups-10000": ("m.onnx", lambda: onnx.groups(10_000)),
    "onnx-functions-that-double": ("m.onnx", lambda: onnx.calling_functions(60)),
    "onnx-dims-that-overflow": (
        "m.onnx",
        lambda: onnx.relu(field(5, tensor("w", [2**31, 2**31, 2**31], bytes(4)))),
    ),
    "onnx-dims-of-63-bits": (
        "m.onnx",
        lambda: onnx.model(
            onnx.graph(node("Relu", ["x"], ["y"]), (), ()) + field(11, value("x", [2**63 - 1] * 4))
        ),
    ),
    "onnx-negative-dims": ("m.onnx", lambda: onnx.relu(field(5, tensor("w", [-1, -4], bytes(16))))),
    "onnx-length-beyond-the-end": ("m.onnx", lambda: b"\x08\x08\x3a\xff\xff\xff\xff\x0f" + bytes(99)),
    "onnx-length-of-64-bits": ("m.onnx", lambda: b"\x08\x08\x3a" + b"\xff" * 9 + b"\x01" + bytes(99)),
    "onnx-names-twice": ("m.onnx", lambda: onnx.relu(node("Relu", ["x"], ["y"]))),
    "onnx-no-names": ("m.onnx", lambda: onnx.relu(node("", [""], [""]) * 100)),
    "onnx-dense": ("m.onnx", lambda: onnx.dense(300)),
    "onnx-reshapes-that-hang-together": ("m.onnx", lambda: onnx.reshape_chain(2_000)),
    "onnx-one-value-100000-times": ("m.onnx", lambda: onnx.one_input_many_times(100_000)),
    "onnx-split-into-20000": ("m.onnx", lambda: onnx.one_node_many_outputs(20_000)),
    "onnx-fields-beyond-count": ("m.onnx", lambda: b"\x08\x08" * 2_000_000),
    "onnx-messages-that-swell-100-times": (
        "m.onnx",
        lambda: onnx.filled(node("Relu", ["x"], [""], more=field(5, b"") * 400), 8 << 20),
    ),
    "tflite-reference-to-itself": ("m.tflite", lambda: b"\0\0\0\0TFL3" + bytes(64)),
    "tflite-reference-around-the-end": (
        "m.tflite",
        lambda: struct.pack("<I", 2**32 - 8) + b"TFL3" + bytes(64),
    ),
    "tflite-tables-within-one-another": ("m.tflite", lambda: struct.pack("<I4sI", 8, b"TFL3", 4) * 100),
    "tflite-calls-in-a-circle": ("m.tflite", lambda: tflite.calling_each_other(100)),
    "tflite-calls-2000-deep-in-a-circle": ("m.tflite", lambda: tflite.calling_each_other(2_000)),
    "tflite-calls-that-double": ("m.tflite", lambda: tflite.calling_twice(60)),
    "tflite-one-operator-2-million-times": ("m.tflite", lambda: tflite.repeated("operators", 2_000_000)),
    "tflite-dims-that-overflow": (
        "m.tflite",
        lambda: tflite.relu(tflite.tensor(b"x", [2**31 - 1] * 8), tflite.tensor(b"y", [-5, 2**31 - 1])),
    ),
    "tflite-vector-that-claims-more": (
        "m.tflite",
        lambda: tflite.relu(
            Table({0: Numbers("i", [1, 4], 2**31), 1: ("b", 0), 3: Text(b"x")}), tflite.tensor(b"y")
        ),
    ),
    "tflite-scale-nan": ("m.tflite", lambda: quantized(([NAN], [0], 0), SOUND)),
    "tflite-scale-infinite": ("m.tflite", lambda: quantized(([INFINITY], [0], 0), SOUND)),
    "tflite-scale-zero": ("m.tflite", lambda: quantized(([0.0], [0], 0), SOUND)),
    "tflite-scale-negative": ("m.tflite", lambda: quantized(([-1.0], [0], 0), SOUND)),
    "tflite-zero-point-beyond-its-type": ("m.tflite", lambda: quantized(([1.0], [2**63 - 1], 0), SOUND)),
    "tflite-quantized-along-no-axis": ("m.tflite", lambda: quantized(([1.0, 2.0], [0, 0], 99), SOUND)),
    "tflite-more-scales-than-channels": ("m.tflite", lambda: quantized(([1.0] * 999, [0], 1), SOUND)),
    "keras-models-in-models-10000": ("m.keras", lambda: keras.archive(keras.models_in_models(10_000))),
    "keras-models-in-models-60": ("m.keras", lambda: keras.archive(keras.models_in_models(60))),
    "keras-models-that-double": ("m.keras", lambda: keras.archive(keras.doubling_models(30))),
    "keras-brackets-10-million": ("m.keras", lambda: keras.archive(keras.nested_lists(10_000_000))),
    "keras-layers-in-a-circle": ("m.keras", lambda: keras.archive(keras.in_a_circle())),
    "keras-dense": ("m.keras", lambda: keras.archive(keras.dense(100))),
    "keras-units-of-63-bits": ("m.keras", lambda: keras.archive(keras.with_units(str(2**63)))),
    "keras-units-nan": ("m.keras", lambda: keras.archive(keras.with_units("NaN"))),
    "keras-units-of-5000-digits": ("m.keras", lambda: keras.archive(keras.with_units("9" * 5000))),
    "keras-units-negative": ("m.keras", lambda: keras.archive(keras.with_units("-2147483648"))),
    "keras-no-config": ("m.keras", lambda: keras.archive("null")),
    "keras-bomb-of-config": ("m.keras", lambda: keras.archive(" " * (60 << 20) + "{}")),
    "keras-bomb-of-members-1-gib": ("m.keras", lambda: keras.overlapping(1000, 1 << 20)),
    "keras-sizes-that-lie-large": ("m.keras", lambda: keras.lying_sizes(2**31)),
    "keras-sizes-that-lie-small": ("m.keras", lambda: keras.lying_sizes(5)),
    "keras-name-that-leaves": ("m.keras", lambda: keras.archive(keras.dense_model(), ("../../x", b"x"))),
    "keras-name-absolute": ("m.keras", lambda: keras.archive(keras.dense_model(), ("/tmp/x", b"x"))),
    "keras-name-of-a-drive": ("m.keras", lambda: keras.archive(keras.dense_model(), ("C:\\x", b"x"))),
    "keras-name-twice": ("m.keras", lambda: keras.archive(keras.dense_model(), ("a", b"x"), ("a", b"y"))),
    "keras-config-of-entries": ("m.keras", lambda: keras.archive(keras.full_of("[]", 8 << 20))),
    "hdf5-of-signatures": ("m.h5", lambda: b"\x89HDF\r\n\x1a\n" * 10_000),
    "hdf5-of-zeros": ("m.h5", lambda: b"\x89HDF\r\n\x1a\n" + bytes(1 << 20)),
    "hdf5-of-ones": ("m.h5", lambda: b"\x89HDF\r\n\x1a\n" + b"\xff" * (1 << 20)),
}
"""What is wrong with a file, its name, and its content."""


@pytest.mark.parametrize("case", SMALL)
def test_a_hostile_file_is_judged_or_refused_in_good_order(case: str, tmp_path: Path) -> None:
    name, build = SMALL[case]
    check(tmp_path, written(tmp_path, name, build()))


NASTIEST = (
    *("onnx-nested-10000-graphs", "onnx-functions-that-double", "onnx-messages-that-swell-100-times"),
    *("onnx-dense", "tflite-calls-in-a-circle", "tflite-calls-that-double"),
    *("keras-models-in-models-10000", "keras-models-that-double", "keras-bomb-of-members-1-gib"),
    "hdf5-of-signatures",
)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["inspect", "graph", "check --format html"])
@pytest.mark.parametrize("case", NASTIEST)
def test_other_commands_keep_the_promise_as_well(case: str, command: str, tmp_path: Path) -> None:
    name, build = SMALL[case]
    check(tmp_path, written(tmp_path, name, build()), *command.split())


@pytest.mark.slow
@pytest.mark.parametrize("case", NASTIEST)
def test_a_comparison_keeps_the_promise_as_well(case: str, tmp_path: Path) -> None:
    name, build = SMALL[case]
    bad, sound = written(tmp_path, name, build()), written(tmp_path, "sound.onnx", onnx.relu())
    for pair in ((bad, sound), (sound, bad)):
        before = set(tmp_path.iterdir())
        done = run(tmp_path, "diff", *pair, "--target", "cortex-m4")
        assert not broken_promises(done, tmp_path, before), (
            f"{done.figures}\n{done.out[:500]}\n{done.err[:500]}"
        )


@pytest.mark.slow
def test_an_audit_of_hostile_files_has_a_row_for_each(tmp_path: Path) -> None:
    for case in NASTIEST:
        name, build = SMALL[case]
        written(tmp_path, f"{case}-{name}", build())
    written(tmp_path, "sound.onnx", onnx.relu())
    done = run(tmp_path, "audit", ".", "--target", "cortex-m4", "--no-cache", "-o", "rows.jsonl")
    assert done.code in (0, 1, 2), done.err
    assert "Traceback" not in done.out + done.err
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert len(rows) == len(NASTIEST) + 1
    assert not [row for row in rows if row["error_code"] == "EL900"]
    assert [row["verdict"] for row in rows if row["path"].endswith("sound.onnx")] == ["fits"]


@pytest.mark.parametrize("about", NAMES)
def test_no_name_reaches_a_terminal_as_it_is(about: str, tmp_path: Path) -> None:
    name = NAMES[about]
    model = onnx.model(
        onnx.graph(node("Relu", ["x"], [name], name) + node("Nonsense", [name], ["y"], name + "2"))
    )
    check(tmp_path, written(tmp_path, "m.onnx", model))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["github", "gitlab", "junit", "sarif", "markdown", "json", "html"])
def test_no_name_gets_out_of_a_report(form: str, tmp_path: Path) -> None:
    nodes = [node("Nonsense", ["x"], [name[:5000]], name[:5000]) for name in NAMES.values()]
    done = check(
        tmp_path,
        written(tmp_path, "m.onnx", onnx.model(onnx.graph(b"".join(nodes)))),
        "check",
        "--format",
        form,
    )
    assert "\n::error file=x" not in done.out
    assert "<script>alert(1)" not in done.out


LARGE: dict[str, tuple[str, Build]] = {
    "onnx-zeros": ("m.onnx", lambda: bytes(FULL)),
    "onnx-ones": ("m.onnx", lambda: b"\xff" * FULL),
    "onnx-random": ("m.onnx", lambda: random.Random(0).randbytes(FULL)),
    "onnx-sound-then-rubbish": ("m.onnx", lambda: onnx.relu() + random.Random(0).randbytes(FULL - 200)),
    "onnx-sound-over-and-over": ("m.onnx", lambda: onnx.relu() * (FULL // len(onnx.relu()))),
    "onnx-of-nodes": ("m.onnx", lambda: onnx.filled(node("Relu", ["x"], [""]))),
    "onnx-of-empty-nodes": ("m.onnx", lambda: onnx.filled(field(1, b""))),
    "onnx-of-nodes-of-attributes": (
        "m.onnx",
        lambda: onnx.filled(node("Relu", ["x"], [""], more=field(5, b"") * 400)),
    ),
    "onnx-of-initializers": ("m.onnx", lambda: onnx.filled(field(5, tensor("w", [1], bytes(4))))),
    "onnx-of-initializers-just-read": (
        "m.onnx",
        lambda: onnx.filled(field(5, tensor("v", [300], bytes(1200)))),
    ),
    "onnx-of-value-infos": ("m.onnx", lambda: onnx.filled(field(13, value("v")))),
    "onnx-of-value-infos-just-read": ("m.onnx", lambda: onnx.filled(field(13, value("v" * 900)))),
    "onnx-of-metadata": (
        "m.onnx",
        lambda: onnx.filled_outside(field(14, field(1, "k") + field(2, "v" * 100))),
    ),
    "onnx-of-functions": ("m.onnx", lambda: onnx.filled_outside(field(25, field(1, "k") * 50))),
    "onnx-of-strings": (
        "m.onnx",
        lambda: onnx.relu(node("Relu", ["x"], ["z"], more=field(5, field(9, b"") * (FULL // 2 - 200)))),
    ),
    "onnx-of-numbers": (
        "m.onnx",
        lambda: onnx.relu(node("Relu", ["x"], ["z"], more=field(5, b"\x40\0" * (FULL // 2 - 200)))),
    ),
    "onnx-of-one-name": ("m.onnx", lambda: onnx.relu(node("Relu", ["x"], ["z"], "n" * (FULL - 300)))),
    "onnx-tiny-tensors-1000000": ("m.onnx", lambda: onnx.tiny_tensors(1_000_000)),
    "onnx-100000-inputs": ("m.onnx", lambda: onnx.many_inputs(100_000)),
    "onnx-100000-readers": ("m.onnx", lambda: onnx.many_readers(100_000)),
    "onnx-100000-outputs": ("m.onnx", lambda: onnx.many_outputs(100_000)),
    "onnx-dense-3000": ("m.onnx", lambda: onnx.dense(3000)),
    "tflite-zeros": ("m.tflite", lambda: b"\x1c\0\0\0TFL3" + bytes(FULL - 8)),
    "tflite-random": ("m.tflite", lambda: b"\x1c\0\0\0TFL3" + random.Random(0).randbytes(FULL - 8)),
    "tflite-sound-then-rubbish": ("m.tflite", lambda: tflite.relu() + random.Random(0).randbytes(FULL - 999)),
    **{
        f"tflite-of-{what}": ("m.tflite", lambda what=what: tflite.repeated(what))  # type: ignore[misc]
        for what in ("operators", "tensors", "subgraphs", "buffers", "metadata", "signatures")
    },
    "tflite-just-enough-tensors": ("m.tflite", lambda: tflite.repeated("tensors", 300_000)),
    "tflite-just-enough-subgraphs": ("m.tflite", lambda: tflite.repeated("subgraphs", 9_000)),
    "tflite-of-one-name": ("m.tflite", lambda: tflite.relu(tflite.tensor(b"n" * (60 << 20)))),
    "tflite-of-one-description": ("m.tflite", lambda: tflite.relu(description=Text(b"d" * (60 << 20)))),
    "tflite-100000-inputs": ("m.tflite", lambda: tflite.many_inputs(100_000)),
    "tflite-100000-readers": ("m.tflite", lambda: tflite.many_readers(100_000)),
    "tflite-100000-outputs": ("m.tflite", lambda: tflite.many_outputs(100_000)),
    "tflite-calls-10000-deep": ("m.tflite", lambda: tflite.calling_twice(10_000)),
    **{
        f"keras-of-{title}": ("m.keras", lambda entry=entry: keras.archive(keras.full_of(entry)))  # type: ignore[misc]
        for title, entry in {"lists": "[]", "objects": '{"a":[1]}', "numbers": "1e5", "texts": '"a"'}.items()
    },
    "keras-of-lists-not-packed": ("m.keras", lambda: keras.archive(keras.full_of("[]"), packed=False)),
    "keras-of-members": ("m.keras", keras.many_members),
    "keras-of-listed-members": ("m.keras", keras.listed_members),
    "keras-bomb-of-weights": (
        "m.keras",
        lambda: keras.archive(keras.dense_model(), ("model.weights.h5", bytes(400 << 20))),
    ),
    "keras-bomb-of-9000-members": ("m.keras", lambda: keras.overlapping(9000, 64 << 20)),
    "keras-chain-10000": ("m.keras", lambda: keras.archive(keras.chain(10_000))),
    "keras-readers-20000": ("m.keras", lambda: keras.archive(keras.many_readers(20_000))),
    "keras-zeros": ("m.keras", lambda: b"PK\x03\x04" + bytes(FULL - 4)),
    "hdf5-zeros": ("m.h5", lambda: b"\x89HDF\r\n\x1a\n" + bytes(FULL - 8)),
    "hdf5-random": ("m.h5", lambda: b"\x89HDF\r\n\x1a\n" + random.Random(0).randbytes(FULL - 8)),
}
"""Files as large as the promise goes, or as full as a format lets them be."""


@pytest.mark.slow
@pytest.mark.parametrize("case", LARGE)
def test_a_full_file_is_judged_or_refused_in_good_order(case: str, tmp_path: Path) -> None:
    name, build = LARGE[case]
    check(tmp_path, written(tmp_path, name, build()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "build", "target"), [("m.onnx", onnx.chain, ""), ("m.tflite", tflite.chain, "cortex-m4")]
)
def test_a_chain_of_100000_operators_is_judged_not_refused(
    name: str, build: Callable[[int], bytes], target: str, tmp_path: Path
) -> None:
    path = written(tmp_path, name, build(100_000))
    done = run(tmp_path, "check", path, *(("--target", target) if target else ()))
    assert not broken_promises(done, tmp_path, {path}), done.figures
    assert "operators        100,000" in done.out, done.out[:500]


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.onnx")
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "zero.onnx").symlink_to("/dev/zero")
    (tmp_path / "random.tflite").symlink_to("/dev/urandom")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.onnx"))
        for name in ("fifo.onnx", "zero.onnx", "random.tflite", "socket.onnx"):
            done = check(tmp_path, name)
            assert done.code == 2
            assert f"{name}: EL901 error: is not a regular file" in done.out
        assert check(tmp_path, "folder.onnx").code == 2


def test_links_are_followed_to_a_model_and_no_further(tmp_path: Path) -> None:
    written(tmp_path, "model.onnx", onnx.relu())
    (tmp_path / "link.onnx").symlink_to("model.onnx")
    (tmp_path / "dangling.onnx").symlink_to("nowhere.onnx")
    (tmp_path / "itself.onnx").symlink_to("itself.onnx")
    assert check(tmp_path, "link.onnx").code == 0
    assert "EL901 error: does not exist" in check(tmp_path, "dangling.onnx").out
    assert "EL901 error: cannot be read: Too many levels" in check(tmp_path, "itself.onnx").out


def test_what_may_not_be_read_is_refused() -> None:
    """As a user who is not root, who may read everything: as nobody, if nobody can run this Python."""
    nobody = 65534 if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        path = written(folder, "m.onnx", onnx.relu())
        path.chmod(0)
        try:
            subprocess.run([sys.executable, "-c", "import edgelint.cli"], cwd="/", user=nobody, check=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("root may read everything, and no other user can run this Python")
        done = run(folder, "check", path, user=nobody)
        assert "EL901 error: cannot be read: Permission denied" in done.out
        assert done.code == 2


@pytest.mark.parametrize("size", [1, 0])
def test_a_file_cut_short_while_it_is_read_is_no_end_of_the_process(size: int, tmp_path: Path) -> None:
    path = written(tmp_path, "m.onnx", onnx.relu())
    with files.opened(path) as file, files.mapped(file) as data:
        os.truncate(path, size)
        assert bytes(data[:]) == onnx.relu()


def test_a_link_and_its_weights_outside_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = field(13, field(1, "location") + field(2, "../../../../etc/passwd")) + field(14, 1)
    weight = b"".join(field(1, dim) for dim in (1, 4)) + field(2, 1) + field(8, "w") + outside
    model = onnx.model(onnx.graph(node("Add", ["x", "w"], ["y"]), more=field(5, weight)))
    done = check(tmp_path, written(tmp_path, "m.onnx", model), "check", "--weights")
    assert "root:" not in done.out


def test_members_of_an_archive_are_never_unpacked_to_disk(tmp_path: Path) -> None:
    path = written(tmp_path, "m.keras", keras.archive(keras.dense_model(), ("assets/x.txt", b"x" * 999)))
    with zipfile.ZipFile(path) as made:
        assert "assets/x.txt" in made.namelist()
    assert check(tmp_path, path, "check", "--format", "json").code in (0, 1)


def test_time_and_memory_can_be_allowed_or_withheld(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.cli import edgelint

    path = written(tmp_path, "m.onnx", onnx.chain(2_000))
    done = edgelint("check", path, "--format", "json", env={"EDGELINT_MAX_SECONDS": "0.1"})
    assert done.returncode == 2
    error = json.loads(done.stdout)["reports"][0]["error"]
    assert (error["code"], error["problem"]) == (
        "EL912",
        "takes more than the 0.1 seconds of processor time that it is given",
    )
    done = edgelint("check", path, env={"EDGELINT_MAX_MIB": "1"})
    assert "EL912 error: takes more than the 1 MiB of memory that it is given" in done.stdout


def test_a_layer_of_more_channels_than_memory_holds_is_not_quantized(tmp_path: Path) -> None:
    """A scale for each, in one step that no tick of the watch could end."""
    wide = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2**31 - 1}}
    model = {"class_name": "Sequential", "config": {"name": "s", "layers": [keras.inputs(), wide]}}
    path = written(tmp_path, "m.keras", keras.archive(model))
    done = check(tmp_path, path, "check", "--quantize", "int8")
    assert "more than 4,000,000 scales" in done.out


def test_a_single_step_that_takes_all_memory_is_an_error_of_its_file() -> None:
    code = """if True:
        from edgelint import bounds
        bounds.enforce()
        try:
            with bounds.Allowance("m.onnx"):
                bytearray(8 << 30)
        except bounds.EdgelintError as error:
            print(error.code, error)
        len(bytearray(2 << 30))
        """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "EL912 m.onnx: takes more than the 640 MiB of memory that it is given\n"


def test_a_tick_that_comes_while_a_model_ends_is_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raised outside the block it would be nobody's."""
    monkeypatch.setenv("EDGELINT_MAX_MIB", "0.001")
    ticked = []

    def tick(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code is bounds.Allowance.__exit__.__code__:
            ticked.append(frame)
            bounds._tick(signal.SIGPROF, frame)

    with bounds.Allowance("m.onnx"):
        sys.setprofile(tick)
    sys.setprofile(None)
    assert ticked
    with pytest.raises(EdgelintError, match="more than the 1 KiB of memory"), bounds.Allowance("m.onnx"):
        bounds._tick(signal.SIGPROF, sys._getframe())


def test_processes_that_check_for_another_have_the_same_limits(tmp_path: Path) -> None:
    from tests.cli import edgelint

    paths = [written(tmp_path, f"{place}.onnx", onnx.chain(20_000)) for place in range(3)]
    done = edgelint("check", *paths, "--jobs", "2", env={"EDGELINT_MAX_SECONDS": "0.1"})
    assert done.returncode == 2
    assert done.stdout.count("EL912 error: takes more than the 0.1 seconds") == 3


def test_the_library_sets_no_clock_in_a_process_that_is_not_its_own(tmp_path: Path) -> None:
    import edgelint

    before = signal.getsignal(signal.SIGPROF)
    assert edgelint.check(written(tmp_path, "m.onnx", onnx.relu()), "cortex-m4").error is None
    assert signal.getsignal(signal.SIGPROF) == before
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


@pytest.mark.parametrize("what", MOST)
def test_limits_on_structure_are_documented_with_their_figures(what: str) -> None:
    rows = [
        line
        for line in (ROOT / "docs" / "safety.md").read_text().splitlines()
        if line.startswith(f"| {what}")
    ]
    assert [f" {MOST[what]:,} " in row for row in rows] == [True]


def test_limits_on_time_and_memory_are_documented_with_their_figures() -> None:
    page = (ROOT / "docs" / "safety.md").read_text()
    assert f"| {bounds.SECONDS:g} s |" in page
    assert f"at least {bounds.SECONDS * bounds.OUTPUT:g} s | {bounds.SECONDS * bounds.ALL:g} s |" in page
    assert f"| {bounds.BYTES >> 20} MiB |" in page


def test_the_watch_notices_what_it_is_there_for(tmp_path: Path) -> None:
    """A model whose reading would write, run or connect would be noticed: as here a report is."""
    written(tmp_path, "m.onnx", onnx.relu())
    done = run(tmp_path, "check", "m.onnx", "--output", "report.txt")
    assert any("report" in deed for deed in done.deeds)
    assert stat.S_ISREG((tmp_path / "report.txt").stat().st_mode)
