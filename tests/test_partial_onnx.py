"""The program imports the onnx package in parts, and nobody who asks something of it notices."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import FIXTURES

INSTALLED = "import sys; from edgelint.partial_onnx import install; install()\n"
WHOLE = "'onnx.helper' in sys.modules"


def said(code: str) -> str:
    """What a Python of its own prints that imports the package in parts."""
    command = [sys.executable, "-c", INSTALLED + code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_messages_schemas_and_inference_come_without_the_rest() -> None:
    code = f"""
from onnx import ModelProto, defs, shape_inference
model = shape_inference.infer_shapes(ModelProto(ir_version=8).SerializeToString())
print(type(model) is ModelProto, defs.get_schema('Relu', 14, '').name, {WHOLE}, 'numpy' in sys.modules)
"""
    assert said(code) == "True Relu False False"


@pytest.mark.parametrize(
    "asked", ["import onnx; onnx.load", "from onnx import helper", "import onnx; onnx.__version__"]
)
def test_anything_else_is_there_when_it_is_asked_for(asked: str) -> None:
    assert said(f"{asked}\nprint({WHOLE})") == "True"


def test_the_whole_package_has_all_its_names() -> None:
    plain = [sys.executable, "-c", "import onnx; print([name for name in vars(onnx) if name[0] != '_'])"]
    names = subprocess.run(plain, capture_output=True, text=True, check=True).stdout.strip()
    code = f"import onnx\nprint([name for name in {names} if not hasattr(onnx, name)], type(onnx).__name__)"
    assert said(code) == "[] module"


def test_a_message_is_of_the_same_class_before_and_after() -> None:
    code = "import onnx\nbefore = onnx.ModelProto\nonnx.load\nprint(before is onnx.ModelProto)"
    assert said(code) == "True"


def test_a_message_as_text_is_read_by_the_whole_package() -> None:
    code = "import onnx\nprint(onnx.load_from_string('{\"irVersion\": \"8\"}', 'json').ir_version)"
    assert said(code) == "8"


def test_what_the_package_does_not_have_is_an_error() -> None:
    code = "import onnx\ntry: onnx.nonsense\nexcept AttributeError as error: print(error)"
    assert said(code) == "module 'onnx' has no attribute 'nonsense'"


def test_a_package_that_is_there_already_is_left_alone() -> None:
    code = "import onnx\nfrom edgelint.partial_onnx import install\ninstall()\nprint(sys.meta_path[0])"
    command = [sys.executable, "-c", "import sys\n" + code]
    assert "partial_onnx" not in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_check_reads_onnx_without_numpy_and_gives_the_same_report() -> None:
    model = FIXTURES / "models" / "digits_mlp.onnx"
    run = "sys.argv = ['edgelint', 'check', '--no-weights', '--format', 'json', sys.argv[1]]\n"
    run += "try: cli.run()\nfinally: print('numpy' in sys.modules, file=sys.stderr)"
    reports = []
    for before in ("", "import onnx\n"):
        command = [sys.executable, "-c", f"import sys\n{before}from edgelint import cli\n{run}", str(model)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        assert done.stderr.strip() == str(bool(before))
        reports.append(json.loads(done.stdout))
    assert reports[0] == reports[1]
