"""Engines on clusters: the same rows as on one machine, whatever becomes of a worker."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from edgelint.audit import cluster
from edgelint.audit.cache import Keys, edition, keys_of
from edgelint.audit.contents import Content
from edgelint.audit.engines import EngineOptions, engine
from edgelint.audit.sources import Item
from edgelint.audit.work import Plan, Result, Unit, audit_one
from edgelint.checker import Settings
from edgelint.deferred import replace
from edgelint.errors import EdgelintError
from edgelint.targets import find
from tests.audit.zoo import many

COUNT = 64


def plan(targets: Sequence[str] = ("cortex-m4", "litert-cpu")) -> Plan:
    settings = Settings(tuple(map(find, targets)))
    return Plan(settings, keys_of(settings, edition()))


def units(folder: Path) -> list[Unit]:
    paths = sorted(folder.iterdir())
    return [Unit(place, Item(str(folder), str(path))) for place, path in enumerate(paths)]


def told(results: Iterator[Result]) -> dict[int, Any]:
    """What each unit came to, without times; fails where one came twice."""
    found: dict[int, Any] = {}
    for result in results:
        assert result.place not in found, "twice"
        records = {
            name: {**record, "row": {key: cell for key, cell in record["row"].items() if key != "seconds"}}
            for name, record in (result.records or {}).items()
        }
        found[result.place] = result.content, records, result.error and result.error.sentence
    return found


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = many(tmp_path_factory.mktemp("zoo"), COUNT)
    (folder / "00007.tflite").write_bytes(b"\x1c\0\0\0TFL3 broken")
    return folder


@pytest.fixture(scope="module")
def expected(zoo: Path) -> dict[int, Any]:
    made = plan()
    return told(audit_one(made, unit) for unit in units(zoo))


class Pretended:
    """A cluster that exists only here; a unit whose place is in `deadly` kills its worker so many times."""

    workers = 2

    def __init__(self, deadly: dict[int, int]) -> None:
        self.deadly = deadly
        self.running: list[int] = []
        self.most = 0
        self.alone: list[int] = []

    def submit(self, plan: Plan, unit: Unit) -> int:
        self.running.append(unit.place)
        self.most = max(self.most, len(self.running))
        return unit.place

    def finished(self, handles: Sequence[int]) -> Sequence[int]:
        if len(handles) == 1:
            self.alone.append(handles[0])
        return handles[:1]

    def outcome(self, handle: int) -> Result | None:
        self.running.remove(handle)
        if self.deadly.get(handle, 0):
            self.deadly[handle] -= 1
            return None
        return Result(handle, Content("", "", None), {})


class TestTheLoop:
    made = Plan(Settings(), Keys("", {}))

    def work(self, count: int) -> Iterator[tuple[Plan, Unit]]:
        for place in range(count):
            yield self.made, Unit(place, Item("", str(place)))

    def test_a_bounded_number_is_on_its_way(self) -> None:
        pretended = Pretended({})
        assert len(list(cluster.results(pretended, self.work(100)))) == 100
        assert pretended.most == 2 * cluster.AHEAD

    def test_what_died_is_tried_once_more_when_nothing_else_runs(self) -> None:
        pretended = Pretended({3: 1})
        results = list(cluster.results(pretended, self.work(10)))
        assert sorted(result.place for result in results) == list(range(10))
        assert all(result.error is None for result in results)
        assert pretended.alone[-1] == 3

    def test_what_dies_again_is_lost_and_said_to_be(self) -> None:
        results = list(cluster.results(Pretended({3: 2}), self.work(10)))
        (gone,) = [result for result in results if result.error]
        assert (gone.place, len(results)) == (3, 10)
        assert "ends the process that reads it" in str(gone.error)

    @pytest.mark.parametrize("still_here", [False, True])
    def test_a_model_that_is_gone_for_all_is_a_bad_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, still_here: bool
    ) -> None:
        def unseen(handle: int) -> Result | None:
            raise cluster.Unseen(path, "does not exist for the worker on host")

        path = tmp_path / "model.onnx"
        if still_here:
            path.touch()
        pretended = Pretended({})
        monkeypatch.setattr(pretended, "outcome", unseen)
        results = cluster.results(pretended, [(self.made, Unit(0, Item("", str(path))))])
        if still_here:
            with pytest.raises(EdgelintError, match="does not exist for the worker"):
                next(results)
        else:
            error = next(results).error
            assert error is not None
            assert error.problem == "does not exist"


class TestTheTask:
    def test_another_edition_on_the_worker_is_told(self, zoo: Path) -> None:
        made = plan()
        other = replace(made, keys=Keys("another", made.keys.targets))
        with pytest.raises(EdgelintError, match=r"has edgelint .* other than here"):
            cluster.task(audit_one, other, units(zoo)[0])

    def test_a_model_that_the_worker_does_not_see_is_no_bad_model(self, tmp_path: Path) -> None:
        unit = Unit(0, Item("", str(tmp_path / "only-here.onnx")))
        with pytest.raises(EdgelintError, match="does not exist for the worker on"):
            cluster.task(audit_one, plan(), unit)

    def test_a_relative_path_is_made_absolute(self) -> None:
        assert cluster.portable(Unit(0, Item(".", "a.onnx"))).item.name == os.path.abspath("a.onnx")
        url = Unit(0, Item("", "https://host/a.onnx", remote=True))
        assert cluster.portable(url) == url


@pytest.mark.parametrize("name", ["dask", "ray"])
def test_a_missing_library_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, {"dask": "distributed", "ray": "ray"}[name], None)
    with pytest.raises(EdgelintError, match=f"--engine {name} needs the library") as caught:
        list(engine(name).run(audit_one, [], EngineOptions()))
    assert caught.value.hint == f"pip install 'edgelint[{name}]'"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The user's own cluster, of two worker processes."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=60
    ) as running:
        yield running.scheduler_address


@pytest.mark.slow
class TestDask:
    @staticmethod
    def run(folder: Path, made: Plan, address: str) -> Iterator[Result]:
        work = ((made, unit) for unit in units(folder))
        return engine("dask").run(audit_one, work, EngineOptions(jobs=2, address=address))

    def test_nothing_is_lost_and_nothing_twice_when_a_worker_is_killed(
        self, zoo: Path, expected: dict[int, Any], address: str
    ) -> None:
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            victim = next(iter(client.run(os.getpid).values()))
        assert told(_killing(self.run(zoo, plan(), address), victim)) == expected

    def test_the_user_s_cluster_is_left_running(self, zoo: Path, address: str) -> None:
        from distributed import Client

        results = self.run(zoo, plan(), address)
        next(results)
        results.close()  # type: ignore[attr-defined]
        with Client(address, set_as_default=False) as client:
            assert client.submit(sum, [1, 2]).result() == 3

    def test_another_edition_stops_the_audit(self, zoo: Path, address: str) -> None:
        made = replace(plan(), keys=Keys("another", {}))
        with pytest.raises(EdgelintError, match="other than here"):
            list(self.run(zoo, made, address))

    @pytest.mark.slow
    def test_without_an_address_there_is_one_for_the_time_being(
        self, zoo: Path, expected: dict[int, Any]
    ) -> None:
        assert told(self.run(zoo, plan(), "")) == expected

    def test_ctrl_c_is_not_for_its_workers(self, zoo: Path) -> None:
        work = [(plan(), unit) for unit in units(zoo)[:2]]
        results = engine("dask").run(_held_signals, work, EngineOptions(jobs=1))
        assert [result.remark for result in results] == ["SIGINT"] * 2

    def test_nobody_at_the_address_is_one_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from edgelint.audit import on_dask

        monkeypatch.setattr(on_dask, "WAIT_SECONDS", 0.2)
        with pytest.raises(EdgelintError, match=r"no Dask cluster at tcp://127\.0\.0\.1:1"):
            list(engine("dask").run(audit_one, [], EngineOptions(address="tcp://127.0.0.1:1")))


@pytest.mark.slow
def test_ray_without_an_address_is_there_for_the_time_being(zoo: Path, expected: dict[int, Any]) -> None:
    ray = pytest.importorskip("ray")
    made = plan()
    work = ((made, unit) for unit in units(zoo))
    before = signal.getsignal(signal.SIGTERM)
    results = engine("ray").run(audit_one, work, EngineOptions(jobs=2))
    first = next(results)
    assert signal.getsignal(signal.SIGTERM) is before
    assert told(chain([first], results)) == expected
    assert not ray.is_initialized()


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[Any]:
    """The user's own cluster, of two worker processes."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray = pytest.importorskip("ray")
    ray.init("local", num_cpus=2, object_store_memory=80 << 20, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


@pytest.mark.slow
class TestRay:
    def test_nothing_is_lost_and_nothing_twice_when_a_worker_is_killed(
        self, zoo: Path, expected: dict[int, Any], ray_cluster: Any
    ) -> None:
        victim = ray_cluster.get(ray_cluster.remote(_pid).remote())
        made = plan()
        work = ((made, unit) for unit in units(zoo))
        results = engine("ray").run(audit_one, work, EngineOptions(jobs=2))
        assert told(_killing(results, victim)) == expected
        assert ray_cluster.is_initialized(), "the user's cluster is left running"

    def test_another_edition_stops_the_audit(self, zoo: Path, ray_cluster: Any) -> None:
        made = replace(plan(), keys=Keys("another", {}))
        with pytest.raises(EdgelintError, match="other than here"):
            list(engine("ray").run(audit_one, [(made, units(zoo)[0])], EngineOptions()))


def _held_signals(plan: Plan, unit: Unit) -> Result:
    held = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    return Result(unit.place, remark=" ".join(signal.Signals(each).name for each in held))


def _pid() -> int:
    return os.getpid()


def _killing(results: Iterator[Result], process: int) -> Iterator[Result]:
    """`results`, in the middle of which a process is killed."""
    for place, result in enumerate(results):
        if place == COUNT // 3:
            os.kill(process, signal.SIGKILL)
        yield result
