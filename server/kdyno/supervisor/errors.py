# SPDX-License-Identifier: GPL-2.0-or-later
"""What can keep a lab from running, said so that its owner knows what to do."""


class LabError(Exception):
    """The lab cannot start or go on. The message is for its owner and says what to change."""
