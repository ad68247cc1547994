# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden images: building them from a recipe, and the manifest that says what a disk must hold."""
