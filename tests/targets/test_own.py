"""Users' own boards, runtimes, accelerators and operator tables."""

from __future__ import annotations

import pickle
from pathlib import Path

import click
import pytest

from edgelint.analysis.support.judge import judge
from edgelint.context import Context
from edgelint.errors import EdgelintError
from edgelint.examples import Example, chain
from edgelint.parameters import TARGET
from edgelint.targets import Target, find, table
from edgelint.targets.definitions import NONE, Definitions, read_definitions, read_file
from edgelint.targets.own_table import operator_names
from edgelint.targets.sections import parse_toml
from tests.cli import edgelint
from tests.packs import announce

SOFTMAX = chain("float32[1,8]").op("Softmax", "float32[1,8]", source="SOFTMAX")
GELU = chain("float32[1,8]").op("Gelu", "float32[1,8]", source="GELU")
CONVOLUTION = chain("float32[1,8,8,4]").op(
    "Conv",
    "float32[1,8,8,8]",
    source="CONV_2D",
    weights="float32[8,3,3,4]",
    attributes={"kernel_shape": [3, 3], "strides": [1, 1], "padding": "SAME"},
)


def defined(text: str) -> Definitions:
    return read_definitions(Path("acme.toml"), parse_toml(text))


def made(text: str, name: str = "acme") -> Target:
    return find(name, defined(text))


def on_table(text: str, base: str = "cortex-m4") -> Target:
    return made(f'[board.acme]\ninherits = "{base}"\noperators = "t"\n{text}')


def says(example: Example, target: Target) -> tuple[bool | None, str]:
    """The verdict on the chain's last operator, and why."""
    found = judge(example.model, target)[-1]
    return found.supported, found.problems[0].sentence if found.problems else ""


def test_a_board_inherits_all_that_it_does_not_say() -> None:
    base, own = find("cortex-m4"), made('[board.acme]\ninherits = "cortex-m4"\nram = "96 KiB"\nmacs = "5M"')
    assert (own.name, own.kind, own.ram, own.flash, own.macs) == (
        "acme",
        "board",
        98304,
        base.flash,
        5_000_000,
    )
    assert (own.runtime, own.core, own.kernels, own.simd) == (
        base.runtime,
        base.core,
        base.kernels,
        base.simd,
    )
    assert (own.typical, own.source) == (False, "acme.toml")


def test_a_board_may_inherit_from_a_board_of_the_user_or_of_edgelint() -> None:
    text = """
        [board.acme]
        inherits = "acme-1"
        ram = "no limit"
        [board.acme-1]
        inherits = "arduino-nano-33-ble-sense"
        flash = 1000
    """
    own = made(text)
    assert (own.ram, own.flash, own.title) == (None, 1000, find("arduino-nano-33-ble-sense").title)
    assert own.hardware == find("arduino-nano-33-ble-sense").hardware


def test_a_core_alone_makes_a_board_with_the_build_that_is_usual_on_it() -> None:
    own, like = made('[board.acme]\ncore = "cortex-m55"\nram = "1M"'), find("cortex-m55")
    assert (own.kernels, own.simd, own.abi, own.runtime) == (like.kernels, like.simd, like.abi, like.runtime)
    assert (own.ram, own.flash) == (1 << 20, None)
    portable = made('[board.acme]\ncore = "cortex-m55"\nkernels = "portable"\nsimd = "base"')
    assert (portable.kernels, portable.simd) == ("portable", "base")


def test_another_core_brings_its_build() -> None:
    own = made('[board.acme]\ninherits = "cortex-m4"\ncore = "cortex-m0plus"')
    assert (own.core, own.simd, own.fpu) == ("cortex-m0plus", "base", find("cortex-m0plus").fpu)


def test_a_table_takes_operators_away_and_adds_others() -> None:
    own = on_table("""
        [operators.t]
        inherits = "tflm"
        remove = ["SOFTMAX"]
        [operators.t.op.GELU]
        dtypes = ["float32"]
    """)
    assert says(SOFTMAX, own) == (False, "TFLite Micro has no SOFTMAX")
    assert says(GELU, own) == (True, "")
    assert says(GELU, find("cortex-m4")) == (False, "TFLite Micro has no GELU")
    assert Context(SOFTMAX.model, own).support[-1].supported is False


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("rank = 3", "of rank 4; TFLite Micro takes exactly 3"),
        ('add.limits = [{ rank = [0, 3], of = "input" }]', "of rank 4; TFLite Micro takes at most 3"),
        ('dtype_sets = [{ input = ["int8"] }]', "has float32 input 'input'; TFLite Micro takes int8"),
        ("supported = false", "TFLite Micro has no CONV_2D"),
    ],
)
def test_a_row_is_changed_key_by_key(row: str, sentence: str) -> None:
    own = on_table(f'[operators.t]\ninherits = "tflm"\n[operators.t.op.CONV_2D]\n{row}')
    supported, said = says(CONVOLUTION, own)
    assert supported is False
    assert sentence in said
    assert says(SOFTMAX, own) == (True, "")


def test_a_limit_that_does_not_hold_is_taken_off() -> None:
    tight = '[operators.tight]\ninherits = "tflm"\n[operators.tight.op.CONV_2D]\nrank = 3\n'
    loose = '[operators.t]\ninherits = "tight"\n[operators.t.op.CONV_2D]\nremove = ["rank"]'
    assert says(CONVOLUTION, on_table(tight + loose)) == (True, "")


def test_the_user_s_own_words_go_first_in_what_to_use_instead() -> None:
    own = on_table("""
        [operators.t]
        inherits = "tflm"
        replacements.operator.GELU = "use our fast GELU"
        replacements.dtype.default = "ask the firmware team"
    """)
    assert judge(GELU.model, own)[-1].problems[0].replacement == "use our fast GELU"
    packaged = judge(GELU.model, find("cortex-m4"))[-1].problems[0].replacement
    assert packaged not in ("", "use our fast GELU")
    assert own.runtime.instead_of("operator", "TILE") == find("cortex-m4").runtime.instead_of(
        "operator", "TILE"
    )


def test_custom_operators_of_the_firmware_are_supported() -> None:
    model = chain("float32[1,8]").op("MyOp", "float32[1,8]", domain="tflite.custom")
    own = on_table('[operators.t]\ninherits = "tflm"\n[operators.t.custom.MyOp]')
    assert says(model, own) == (True, "")
    assert says(model, find("cortex-m4"))[0] is False


@pytest.mark.parametrize(
    ("base", "inherits", "rule", "sentence"),
    [
        ("litert-gpu", "litert-gpu", "max_rank = 3", "of rank 4; the GPU delegate takes at most 3"),
        ("litert-gpu", "", "dtypes = ['int8']", "the GPU delegate takes int8"),
    ],
)
def test_an_accelerator_may_have_a_table_of_the_user(
    base: str, inherits: str, rule: str, sentence: str
) -> None:
    parent = f'inherits = "{inherits}"' if inherits else ""
    own = made(f"""
        [board.acme]
        inherits = "{base}"
        accelerator = "npu"
        [accelerator.npu]
        inherits = "{base}"
        table = "t"
        [operators.t]
        {parent}
        [operators.t.op.CONV_2D]
        {rule}
    """)
    partition = Context(CONVOLUTION.model, own).partition
    assert partition is not None
    (place,) = partition.placements
    assert place.accelerated is False
    assert place.reason is not None
    assert sentence in place.reason.sentence


def test_an_accelerator_can_be_left_out() -> None:
    own = made('[board.acme]\ninherits = "ethos-u55-128"\naccelerator = "none"')
    assert (own.npu, own.accelerator) == ("", None)


def test_a_whole_runtime_may_be_the_user_s() -> None:
    own = made("""
        [board.acme]
        core = "cortex-m4f"
        runtime = "acme-rt"
        [runtime.acme-rt]
        title = "Acme RT"
        formats = ["tflite", "onnx"]
        operators = "acme-tflite"
        tables.onnx = "esp-dl"
        limits.opset = 17
        [operators.acme-tflite.op.CONV_2D]
        kernel_max = 3
        dtypes = ["float32", "int8"]
    """)
    assert (own.runtime.name, own.runtime.title, own.runtime.limits) == ("acme-rt", "Acme RT", {"opset": 17})
    assert says(CONVOLUTION, own) == (True, "")
    assert says(SOFTMAX, own) == (False, "Acme RT has no SOFTMAX")
    assert str(own.runtime.table_for("onnx")) == "esp-dl"


def test_a_runtime_of_the_user_may_be_one_of_edgelint_s_with_another_name() -> None:
    own = made("""
        [board.acme]
        inherits = "cortex-m4"
        runtime = "fork"
        [runtime.fork]
        inherits = "tflm"
        title = "our fork"
    """)
    assert (own.runtime.name, own.runtime.memory_model) == ("tflm", "tflm")
    assert says(GELU, own) == (False, "our fork has no GELU")


def test_values_that_no_check_understands_are_the_table_s_fault() -> None:
    own = made("""
        [board.acme]
        core = "cortex-m4f"
        runtime = "rt"
        [runtime.rt]
        title = "RT"
        formats = ["tflite"]
        operators = "t"
        [operators.t.op.CONV_2D]
        padded_axes = ["depth"]
    """)
    with pytest.raises(EdgelintError, match="cannot be judged by the operator table 't' of acme"):
        judge(CONVOLUTION.model, own)


def test_a_target_goes_to_another_process_and_comes_back_the_same() -> None:
    own = on_table('[operators.t]\ninherits = "tflm"\nremove = ["SOFTMAX"]')
    back = pickle.loads(pickle.dumps(own))
    assert back == own
    assert says(SOFTMAX, back)[0] is False


@pytest.mark.parametrize("name", ["tflm", "litert-gpu", "tensorrt", "onnxruntime-cpu", "litert-cpu"])
def test_a_table_without_changes_is_the_one_it_inherits(name: str) -> None:
    own = table.OwnTable("t", Path("acme.toml"), "[operators.t]", name, {"inherits": name})
    assert table.read(own).operators == table.read(name).operators
    assert operator_names(own) == set(table.read(name).operators)
    words = list(table.read(name).operators)[::9]
    assert table.read(own, words).operators == table.read(name, words).operators


BOARD = '[board.acme]\ninherits = "cortex-m4"\n'
TABLE = BOARD + 'operators = "t"\n[operators.t]\ninherits = "tflm"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOARD + 'rma = "1K"', "unknown key 'rma' ([board.acme]); did you mean ram"),
        (BOARD + 'ram = "much"', "has 'much' for ram"),
        (BOARD + "ram = -1", "has -1 for ram"),
        (BOARD + 'microcontroller = "no"', "has 'no' for microcontroller; true or false"),
        (BOARD + 'kernels = "cmsisnn"', "unknown kernels 'cmsisnn' ([board.acme]); did you mean cmsis-nn?"),
        (BOARD + 'core = "cortex-m5"', "unknown core 'cortex-m5'"),
        (BOARD + 'runtime = "tflmm"', "unknown runtime 'tflmm' ([board.acme]); did you mean tflm?"),
        (BOARD + 'accelerator = "ethos"', "unknown accelerator 'ethos'"),
        (BOARD + 'operators = "tfml"', "unknown operator table 'tfml' ([board.acme]); did you mean tflm"),
        (BOARD + 'operators = "tensorrt"', "TFLite Micro reads one like that of 'tflm'"),
        (
            '[board.acme]\ninherits = "cortexm4"',
            "inherits 'cortexm4', which is no target ([board.acme]); did you",
        ),
        ('[board.acme]\nram = "1K"', "lacks inherits or core"),
        ('[board.acme]\ninherits = "acme"', "inherits itself"),
        ('[board.acme]\ninherits = "b"\n[board.b]\ninherits = "acme"', "inherits itself"),
        ("[board]\nacme = 4", "has 4 where a table is wanted"),
        (TABLE + 'remvoe = ["ADD"]', "unknown key 'remvoe' ([operators.t]); did you mean remove?"),
        (TABLE + 'remove = ["ADDD"]', "removes 'ADDD', which tflm has not ([operators.t]); did you mean ADD"),
        (
            TABLE + "op.CONV2D.rank = 4",
            "operator 'CONV2D', which TFLite has not ([operators.t]); did you mean CONV_2D",
        ),
        (
            TABLE + "op.CONV_2D.rnak = 4",
            "unknown key 'rnak' ([operators.t]: operator CONV_2D); did you mean rank",
        ),
        (TABLE + 'op.CONV_2D.dtypes = ["flaot32"]', "element type 'flaot32' in dtypes"),
        (TABLE + "op.CONV_2D.limits = [{ rnak = [4] }]", "unknown key 'rnak'"),
        (TABLE + 'op.CONV_2D.limits = [{ rank = [4], of = "inputt" }]', "speaks of 'inputt' in op.CONV_2D"),
        (TABLE + "op.CONV_2D.add.rank = 4", "adds 4 to rank, which is no list"),
        (TABLE + 'op.CONV_2D.inputs_max = "3"', "'3' for inputs_max, which wants a whole number"),
        (
            TABLE + 'op.CONV_2D.limits = [{ last_dim_max = "x", of = "input" }]',
            "which is of no kind it can be",
        ),
        (TABLE + 'op.CONV_2D.limits = [{ rank = 4, of = "input" }]', "rank = 4, which is of no kind"),
        (TABLE + 'op.CONV_2D.supported = "no"', "which wants true or false"),
        (TABLE + "op.CONV_2D = 4", "where a table is wanted"),
        (TABLE + 'replacements.operatr.X = "y"', "unknown key 'operatr'"),
        (TABLE.replace("tflm", "t"), "inherits itself: 't'"),
        (
            BOARD.replace("cortex-m4", "litert-gpu")
            + 'accelerator = "n"\n[accelerator.n]\ninherits = "litert-gpu"\ntable = "t"\n'
            + "[operators.t]\n[operators.t.op.ADD]\nkernel_maxx = 3",
            "unknown key 'kernel_maxx' ([operators.t]: operator ADD); did you mean kernel_max",
        ),
        (BOARD + 'runtime = "r"\n[runtime.r]\ntitle = "R"', "lacks inherits, or formats, operators"),
        (BOARD + 'runtime = "r"\n[runtime.r]\ninherits = "tflm"\nformats = ["tfl"]', "unknown format 'tfl'"),
        (BOARD + 'runtime = "r"\n[runtime.r]\ninherits = "tflm"\nlimits.opset = "9"', "no whole number"),
    ],
)
def test_what_means_nothing_is_told_with_file_place_and_the_nearest_word(text: str, said: str) -> None:
    with pytest.raises(EdgelintError) as caught:
        made(text)
    error = caught.value
    assert str(error).startswith("acme.toml: ")
    assert said in f"{error.sentence}; {error.hint}"


def test_names_are_not_taken_twice() -> None:
    with pytest.raises(EdgelintError, match="one of edgelint's own targets"):
        find("cortex-m4", defined('[board.cortex-m4]\ninherits = "rp2040"'))
    one, other = (
        read_definitions(Path(name), {"board": {"acme": {"ram": size}}})
        for name, size in (("a", 1), ("b", 2))
    )
    with pytest.raises(EdgelintError, match="defines the board 'acme', which a defines too"):
        one.joined(other)
    assert one.joined(one) == one


@pytest.mark.parametrize("name", ["Acme", "acme board", "../acme", ""])
def test_a_name_is_one_word_in_small_letters(name: str) -> None:
    with pytest.raises(EdgelintError, match="has the name"):
        read_definitions(Path("a.toml"), {"board": {name: {}}})


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    path = tmp_path / "boards.toml"
    path.write_text('[board.one]\ninherits = "cortex-m4"\n[board.two]\ninherits = "one"\nram = "1K"\n')
    return path


def test_a_file_of_its_own_is_a_target(boards: Path) -> None:
    assert find(f"{boards}#two").ram == 1024
    for wrong, said in ((f"{boards}", "defines 2 boards"), (f"{boards}#tow", "defines no board 'tow'")):
        with pytest.raises(EdgelintError, match=said):
            find(wrong)
    with pytest.raises(EdgelintError, match="does not exist"):
        find(f"{boards}.toml")
    boards.write_text('[board.one]\ncore = "cortex-m4"\nram = "64K"')
    assert find(str(boards)).name == "one"


def test_the_program_lists_describes_and_uses_own_targets(boards: Path) -> None:
    (boards.parent / "edgelint.toml").write_text('targets = ["*boards.toml"]')
    listed = edgelint("targets", cwd=boards.parent)
    assert {"one", "two", "cortex-m4"} <= {line.partition(" ")[0] for line in listed.stdout.splitlines()}
    described = edgelint("targets", "two", cwd=boards.parent)
    assert described.stdout.startswith("two: ")
    assert "1 KiB" in described.stdout
    assert edgelint("targets", "two", cwd=boards.parent.parent).returncode == 2
    assert edgelint("targets", "two", "--isolated", cwd=boards.parent).returncode == 2


def test_who_takes_an_operator_is_asked_of_own_tables_too(tmp_path: Path) -> None:
    (tmp_path / "edgelint.toml").write_text('[operators.few]\ninherits = "tflm"\nremove = ["SOFTMAX"]')
    listed = edgelint("targets", "--operator", "SOFTMAX", cwd=tmp_path).stdout.splitlines()
    assert [line.split()[:2] for line in listed if line.startswith(("few", "tflm"))] == [
        ["tflm", "yes"],
        ["few", "no"],
    ]


def test_the_shell_completes_own_targets_too(boards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (boards.parent / "edgelint.toml").write_text('targets = ["*boards.toml"]')
    monkeypatch.chdir(boards.parent)
    context = click.Context(click.Command("check"))
    found = TARGET.shell_complete(context, click.Option(["--target"]), "tw")
    assert [item.value for item in found] == ["two"]
    (boards.parent / "edgelint.toml").write_text("= broken")
    assert TARGET.shell_complete(context, click.Option(["--target"]), "tw") == []


def test_an_installed_package_brings_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "acme_boards"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "boards.toml").write_text('[board.acme-packed]\ninherits = "cortex-m4"\nram = "3K"\n')
    announce(tmp_path, points="[edgelint.targets]\nacme = acme_boards\n", name="acme_boards")
    done = edgelint("targets", "acme-packed", env={"PYTHONPATH": str(tmp_path)})
    assert "3 KiB" in done.stdout, done.stderr
    announce(tmp_path, points="[edgelint.targets]\nacme = acme_gone\n", name="acme_boards")
    done = edgelint("targets", env={"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, "names 'acme_gone', which is no package" in done.stderr) == (2, True)


def test_a_stand_alone_file_has_nothing_but_definitions(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    for text, said in (("target = 'x'", "unknown key 'target'"), ("= 3", "is not TOML")):
        path.write_text(text)
        with pytest.raises(EdgelintError, match=said):
            read_file(path)
    assert NONE.names("board") == ()
