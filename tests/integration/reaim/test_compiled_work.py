# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiler left the work of the classic sub-tests in: read in the machine code, and seen in the time they take."""

import json
import platform
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "bench-c/reaim/scripts"
STEPS_PER_TURN = 12

# The instructions that do a step, x86-64.
STEP = {
    "add_double_chain": {"addsd"},
    "add_float_chain": {"addss"},
    "add_long_chain": {"add"},
    "add_int_chain": {"add"},
    "add_short_chain": {"add"},
    "mul_double_chain": {"mulsd"},
    "mul_float_chain": {"mulss"},
    "mul_long_chain": {"imul"},
    "mul_int_chain": {"imul"},
    "mul_short_chain": {"imul"},
    "div_double_chain": {"divsd"},
    "div_float_chain": {"divss"},
    "div_long_chain": {"idiv"},
    "div_int_chain": {"idiv"},
    "div_short_chain": {"idiv"},
}

_INSTRUCTION = re.compile(r"^\s*(?P<address>[0-9a-f]+):\t(?P<name>\S+)[ \t]*(?P<operands>.*)$", re.MULTILINE)

# Less time than this no processor of today needs for an operation as the sub-test counts it, in ns: for the arithmetic
# one cycle of 6 GHz a step (three for multiplications, six for divisions), for a system call 20 ns, for a process
# 5 us. What the compiler dropped or folded falls far below.
FLOOR_NS = {
    "add_double": 166,
    "add_float": 166,
    "add_long": 166,
    "add_int": 166,
    "add_short": 166,
    "mul_double": 500,
    "mul_float": 500,
    "mul_long": 500,
    "mul_int": 500,
    "mul_short": 500,
    "div_double": 600,
    "div_float": 600,
    "div_long": 600,
    "div_int": 600,
    "div_short": 600,
    "fun_cal": 0.3,
    "fun_cal1": 0.3,
    "fun_cal2": 0.3,
    "fun_cal15": 1,
    "sieve": 400_000,
    "jmp_test": 2,
    "num_rtns_1": 200,
    "trig_rtns": 2,
    "series_1": 40,
    "new_raph": 20,
    "matrix_rtns": 50,
    "array_rtns": 5000,
    "string_rtns": 100,
    "sort_rtns_1": 50_000,
    "mem_rtns_1": 4,
    "mem_rtns_2": 100,
    "ram_copy": 2,
    "misc_rtns_1": 50 * 10 * 20,
    "signal_test": 40,
    "brk_test": 20,
    "page_test": 100,
    "creat_clo": 200,
    "link_test": 100,
    "dir_rtns_1": 1,
    "fork_test": 5000,
    "exec_test": 10_000,
    "pipe_cpy": 40,
    "fifo_test": 40,
    "stream_pipe": 40,
    "dgram_pipe": 40,
    "tcp_test": 200,
    "udp_test": 200,
    "shared_memory": 80,
    "shell_rtns_1": 50_000,
    "shell_rtns_2": 200_000,
    "shell_rtns_3": 500_000,
}


def loop_of(listing: str) -> list[str]:
    """Names of the instructions between the target of the function's last jump back and that jump."""
    code = [(int(m["address"], 16), m["name"], m["operands"]) for m in _INSTRUCTION.finditer(listing)]
    back = None
    for address, name, operands in code:
        target = re.match(r"([0-9a-f]+) <", operands)
        if name.startswith("j") and target and int(target[1], 16) < address:
            back = int(target[1], 16), address
    assert back, "no loop"
    return [name for address, name, _ in code if back[0] <= address <= back[1]]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="knows the instructions of x86-64")
@pytest.mark.skipif(shutil.which("objdump") is None, reason="no objdump")
@pytest.mark.parametrize("chain", STEP)
def test_a_turn_of_the_loop_has_twelve_steps(reaim_program: Path, chain: str) -> None:
    command = ["objdump", "--disassemble=" + chain, "--no-show-raw-insn", str(reaim_program)]
    listing = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    counts = Counter(loop_of(listing))
    # The counter of the loop is an addition too, and so is the sum that products and quotients are checked by.
    assert STEPS_PER_TURN <= sum(counts[name] for name in STEP[chain]) <= STEPS_PER_TURN + 1


def one_pass(program: Path, tests: list[str], *, jobs: int, directory: Path) -> tuple[dict[str, float], dict[str, int]]:
    """Operations per job, and the time of the fastest job in ns, of each test."""
    workfile = directory / "workfile"
    workfile.write_text("".join(f"1 {name}\n" for name in tests), encoding="ascii")
    command = [str(program), "-s1", "-e1", "-t", f"-j{jobs}", f"-f{workfile}", f"--diskdir={directory}", "--json"]
    run = subprocess.run([*command, "--filesize=1k"], check=True, capture_output=True, cwd=directory, timeout=120)
    document = json.loads(run.stdout)
    operations = {subtest["name"]: subtest["operations_per_job"] for subtest in document["subtests"]}
    return operations, {subtest["name"]: subtest["min_ns"] for subtest in document["passes"][0]["subtests"]}


def test_no_job_is_faster_than_its_operations_can_be(reaim_program: Path, tmp_path: Path) -> None:
    operations, fastest_ns = one_pass(reaim_program, list(FLOOR_NS), jobs=len(FLOOR_NS), directory=tmp_path)
    assert fastest_ns.keys() == FLOOR_NS.keys()
    too_fast = {name: ns for name, ns in fastest_ns.items() if ns < FLOOR_NS[name] * operations[name]}
    assert too_fast == {}


def test_the_shell_scripts_are_of_clearly_different_length(tmp_path: Path) -> None:
    lengths = []
    for number in (1, 2, 3):
        directory = tmp_path / str(number)
        directory.mkdir()
        command = ["/bin/sh", "-x", str(SCRIPTS / f"shell_rtns_{number}.sh"), str(directory)]
        run = subprocess.run(command, check=True, capture_output=True, cwd=directory, timeout=60)
        lengths.append(run.stderr.count(b"\n"))
    first, second, third = lengths
    assert second > 3 * first
    assert third > 3 * second
