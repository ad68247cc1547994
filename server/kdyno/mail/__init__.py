# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail: sending it, and a mailbox that keeps a lab's own mails as files."""
