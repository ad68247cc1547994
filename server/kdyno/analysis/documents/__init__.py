# SPDX-License-Identifier: GPL-2.0-or-later
"""Measurements as files: what may be compared, in which forms, and how the boots of two arms are brought together."""
