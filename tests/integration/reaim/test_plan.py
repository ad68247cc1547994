# SPDX-License-Identifier: GPL-2.0-or-later
"""Which jobs each user does, against a model of the released rules that shares nothing with the program."""

import json
import math
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WORKFILES = Path(__file__).parents[3] / "bench-c/reaim/workfiles"
MASK = 2**64 - 1

# Operations without files: a plan of them needs no FILESIZE.
NAMES = [
    "add_double", "add_float", "add_int", "add_long", "add_short", "brk_test", "creat_clo", "div_int", "exec_test",
    "fork_test", "jmp_test", "mul_int", "null", "pipe_cpy", "sieve", "signal_test", "string_rtns", "tcp_test",
]  # fmt: skip

# Jobs per user that the paper's tables imply: JPM * parent time / (60 * users), for 100 jobs asked for.
PAPER_JOBS = {"all_utime": 102, "compute": 101, "dbase": 99, "five_sec": 99, "fserver": 101, "long": 108, "short": 102}


class SplitMix64:
    def __init__(self, state: int) -> None:
        self.state = state

    def next(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, bound: int) -> int:
        threshold = (2**64 - bound) % bound
        while True:
            product = self.next() * bound
            if product & MASK >= threshold:
                return product >> 64


def order_generator(*, seed: int, child: int) -> SplitMix64:
    generator = SplitMix64(seed)
    generator = SplitMix64(generator.next() ^ (2 * child))
    return SplitMix64(generator.next())


@dataclass(frozen=True)
class Model:
    """The facts of the released program: weights to loads, loads to a list."""

    lines: list[tuple[int, str]]

    @property
    def weights(self) -> dict[str, int]:
        return {name: weight for weight, name in self.lines}  # the last line of a name holds, at its first place

    @property
    def total(self) -> int:
        return sum(weight for weight, _ in self.lines)

    def loads(self, jobs: int) -> dict[str, int]:
        jobs = max(jobs, len(self.lines))
        return {
            name: max(1, math.floor(Fraction(weight * jobs, self.total) + Fraction(1, 2))) if weight else 0
            for name, weight in self.weights.items()
        }

    def order(self, jobs: int, *, seed: int, child: int) -> list[str]:
        generator = order_generator(seed=seed, child=child)
        left = {name: load for name, load in self.loads(jobs).items() if load}
        order = []
        while left:
            name = list(left)[generator.below(len(left))]
            order.append(name)
            left[name] -= 1
            if not left[name]:
                del left[name]
        return order


def plan_of(reaim: Any, lines: list[tuple[int, str]], *, jobs: int, seed: int, users: int) -> dict[str, Any]:
    reaim.workfile("".join(f"{weight} {name}\n" for weight, name in lines))
    done = reaim("--plan", "--json", f"-j{jobs}", f"-s{users}", "--seed", str(seed))
    assert done.returncode == 0, done.stderr
    plan: dict[str, Any] = json.loads(done.stdout)
    return plan


lines_of_a_workfile = st.lists(
    st.tuples(st.integers(0, 60) | st.integers(1, 1_000_000), st.sampled_from(NAMES)), min_size=1, max_size=24
).filter(lambda lines: sum(weight for weight, _ in lines) > 0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=lines_of_a_workfile, jobs=st.integers(1, 300), seed=st.integers(0, 2**63 - 1), users=st.integers(1, 4))
def test_lists_are_those_of_the_model(
    reaim: Any, lines: list[tuple[int, str]], jobs: int, seed: int, users: int
) -> None:
    model = Model(lines)
    plan = plan_of(reaim, lines, jobs=jobs, seed=seed, users=users)

    assert plan["total_weight"] == model.total
    assert plan["loads"] == model.loads(jobs)
    assert plan["jobs_per_child"] == sum(model.loads(jobs).values())
    assert plan["children"] == [model.order(jobs, seed=seed, child=child) for child in range(users)]


@pytest.mark.parametrize("name, jobs", PAPER_JOBS.items())
def test_shipped_workfiles_give_the_jobs_of_the_paper(reaim: Any, name: str, jobs: int) -> None:
    done = reaim("--plan", "--json", "--filesize=10k", f"-f{WORKFILES / f'workfile.{name}'}")
    plan = json.loads(done.stdout)
    assert plan["jobs_per_child"] == jobs
    assert Counter(plan["children"][0]) == {name: load for name, load in plan["loads"].items() if load}


def test_weights_are_the_shares_of_the_work(reaim: Any) -> None:
    """With as many jobs as the total weight, loads are the weights: shares are exact, not only on average."""
    lines = [(50, "null"), (30, "sieve"), (15, "brk_test"), (5, "jmp_test")]
    plan = plan_of(reaim, lines, jobs=100, seed=1, users=1)
    assert plan["loads"] == {name: weight for weight, name in lines}


def test_each_job_is_drawn_evenly_from_what_is_left(reaim: Any) -> None:
    """First jobs of 2000 users: each of five tests within four standard deviations of a binomial share of a fifth."""
    users = 2000
    plan = plan_of(reaim, [(20, name) for name in NAMES[:5]], jobs=10, seed=99, users=users)
    bound = 4 * math.sqrt(users * 0.2 * 0.8)
    for name, count in Counter(order[0] for order in plan["children"]).items():
        assert abs(count - users / 5) < bound, name
    for name, count in Counter(order[1] for order in plan["children"]).items():
        assert abs(count - users / 5) < bound, name
    assert len({tuple(order) for order in plan["children"]}) > 0.95 * users


def test_the_seed_is_reported_and_brings_the_same_lists_back(reaim: Any) -> None:
    lines = [(10, "null"), (10, "sieve"), (10, "jmp_test")]
    reaim.workfile("".join(f"{weight} {name}\n" for weight, name in lines))
    first = json.loads(reaim("--plan", "--json", "-s5").stdout)
    other = json.loads(reaim("--plan", "--json", "-s5").stdout)
    again = plan_of(reaim, lines, jobs=100, seed=first["seed"], users=5)
    assert first["children"] == again["children"]
    assert first["seed"] != other["seed"]
    assert first["children"] != other["children"]


@pytest.mark.parametrize("users, kib", [(1, 110), (2, 60), (24, 14)])
def test_the_papers_pool_is_shared_out(reaim: Any, users: int, kib: int) -> None:
    reaim.workfile("FILESIZE: 10K\nPOOLSIZE: 100K\n10 disk_rd\n")
    plan = json.loads(reaim("--plan", "--json", f"-s{users}").stdout)
    assert plan["file_kib"] == kib
