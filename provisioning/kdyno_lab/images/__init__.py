# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden images: their recipe built into a disk, and the manifest that proves a copy of it."""
