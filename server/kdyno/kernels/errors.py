# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong between a patch and a kernel, sorted by whose problem it is."""


class InputError(ValueError):
    """The person who asked can fix this. `field` names the part of the request, the text says what is wrong."""

    def __init__(self, reason: str, *, field: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class KconfigError(InputError):
    """The kconfig of a request cannot be parsed or cannot be had from this source tree."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, field="kconfig")


class PatchError(InputError):
    """The patch is no patch, is refused, or does not apply."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, field="patch")


class RevisionError(InputError):
    """The revision is not known in the tree."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, field="commit")


class TreeError(InputError):
    """A tree has a bad name or address, or cannot be imported or mirrored."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, field="tree")


class BuildHostError(RuntimeError):
    """The build host is at fault: a missing program, no user namespaces, a broken repository."""
