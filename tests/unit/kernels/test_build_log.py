# SPDX-License-Identifier: GPL-2.0-or-later
"""The first error of a build log: what gcc, the linker, Kconfig, make and objtool write."""

import pytest

from kdyno.kernels.build_log import compiled_object, first_error

GCC = """\
  CC      kernel/sys.o
../kernel/sys.c: In function 'do_thing':
/build/src/kernel/sys.c:12:9: warning: unused variable 'i' [-Wunused-variable]
/build/src/kernel/sys.c:970:16: error: 'current_task_x' undeclared (first use in this function)
  970 |         return current_task_x;
      |                ^~~~~~~~~~~~~~
make[2]: *** [/build/src/scripts/Makefile.build:250: kernel/sys.o] Error 1
make[1]: *** [/build/src/Makefile:2028: .] Error 2
"""
LD = """\
  LD      .tmp_vmlinux.kallsyms1
ld: kernel/sys.o: in function `__do_sys_getppid':
sys.c:(.text+0x1a3): undefined reference to `spin_a_while'
make[1]: *** [/build/src/Makefile:1250: vmlinux] Error 2
"""
KCONFIG = "kernel/Kconfig.locks:7: syntax error\nmake[2]: *** [scripts/kconfig/Makefile:77: olddefconfig] Error 1\n"
RECURSIVE = "error: recursive dependency detected!\nkernel/Kconfig.x:3:\tsymbol A depends on B\n"


@pytest.mark.parametrize(
    ("log", "place", "message"),
    [
        (GCC, ("kernel/sys.c", 970), "'current_task_x' undeclared (first use in this function)"),
        ("../mm/slub.c:7:10: fatal error: no.h: No such file or directory\n", ("mm/slub.c", 7), "no.h: No such file"),
        (
            "arch/x86/entry/entry_64.S:81: Error: no such instruction: `foo'\n",
            ("arch/x86/entry/entry_64.S", 81),
            "no such",
        ),
        (LD, ("sys.c", None), "undefined reference to `spin_a_while'"),
        ("ld: final link failed: No space left on device\n", ("", None), "final link failed"),
        (KCONFIG, ("kernel/Kconfig.locks", 7), "syntax error"),
        (RECURSIVE, ("", None), "recursive dependency detected!"),
        ("kernel/Makefile:9: *** missing separator.  Stop.\n", ("kernel/Makefile", 9), "missing separator"),
        ("make[3]: *** No rule to make target 'kernel/x.o', needed by 'y'.  Stop.\n", ("", None), "No rule to make"),
        ('ERROR: modpost: "nothing" [fs/x.ko] undefined!\n', ("", None), 'modpost: "nothing"'),
        ("kernel/sys.o: error: objtool: f()+0x3: unreachable\n", ("kernel/sys.o", None), "f()+0x3"),
        ("/bin/sh: 1: bison: not found\nmake: *** [a:1: b] Error 127\n", ("", None), "bison: not found"),
    ],
)
def test_first_error(log: str, place: tuple[str, int | None], message: str) -> None:
    found = first_error(log.splitlines())
    assert found is not None
    assert (found.file, found.line) == place
    assert message in found.message


def test_context_follows_the_error() -> None:
    found = first_error(GCC.splitlines())
    assert found is not None
    assert found.context[1].strip().startswith("970 |")
    assert str(found).startswith("kernel/sys.c:970: ")


def test_a_clean_log_has_no_error() -> None:
    assert first_error(["  CC      a.o", "kernel/a.c:3:1: warning: x", "Kernel: bzImage is ready  (#1)"]) is None


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("  CC      kernel/sys.o", True),
        ("  AS      arch/x86/entry/entry_64.o", True),
        ("  HOSTCC  scripts/kconfig/conf.o", False),
        ("  LD      vmlinux.o", False),
        ("  CC      kernel/bounds.s", True),
        ("  UPD     include/generated/bounds.h", False),
    ],
)
def test_objects_are_counted(line: str, counts: bool) -> None:
    assert compiled_object(line) is counts
