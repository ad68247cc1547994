# SPDX-License-Identifier: GPL-2.0-or-later
"""State manifests of two boots: what differs, and whether figures of the two may still be compared."""

from kdyno.analysis.manifest.diff import Difference, DifferenceKind, ManifestDiff, compare_manifests
from kdyno.analysis.manifest.rules import DifferenceClass, Rules, RulesError, load_rules
from kdyno.analysis.manifest.text import difference_text, manifest_document, manifest_text

__all__ = [
    "Difference",
    "DifferenceClass",
    "DifferenceKind",
    "ManifestDiff",
    "Rules",
    "RulesError",
    "compare_manifests",
    "difference_text",
    "load_rules",
    "manifest_document",
    "manifest_text",
]
