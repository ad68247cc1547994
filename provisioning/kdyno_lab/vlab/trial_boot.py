# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot sector of the trial boot, assembled from trial_boot.S (which says what it proves)."""

MARKER = b"kdyno-trial-boot ok"
EXIT_STATUS = 33  # what QEMU ends with when the sector ran to its end

_SECTOR_BYTES = 512
_SIGNATURE = bytes.fromhex("55aa")
_CODE = bytes.fromhex(
    "fa31c08ed88ec08ed0bc007cfcfbb90300f4e2fdfa660f0116c87c0f20c00c01"
    "0f22c0ea287c080066b810008ed88ec08ed0bf000001000f22dfb883000000b9"
    "00040000ab0500004000e2f80f20e00c100f22e00f20c00d000000800f22c0eb"
    "00bf00002000b900000400b801000000f3abbe00002000b90000040031dbad01"
    "c3e2fb81fb000004007522bece7c0000fc66bafd03eca82074f7ac84c0740766"
    "baf803eeebeb66baf400b010eef4ebfd0000000000000000ffff0000009acf00"
    "ffff00000092cf001700b07c00006b64796e6f2d747269616c2d626f6f74206f"
    "6b0d0a"
)


def trial_sector() -> bytes:
    """One bootable sector."""
    return _CODE.ljust(_SECTOR_BYTES - len(_SIGNATURE), b"\0") + _SIGNATURE
