# SPDX-License-Identifier: GPL-2.0-or-later
"""Imports every model, so that `Base.metadata` is whole for migrations and tests."""

from kdyno.accounts import models as accounts
from kdyno.alerts import models as alerts
from kdyno.analysis import models as analysis
from kdyno.db.base import Base
from kdyno.jobs import models as jobs
from kdyno.kernels import models as kernels
from kdyno.machines import models as machines
from kdyno.results import models as results
from kdyno.submissions import models as submissions

__all__ = ["Base", "accounts", "alerts", "analysis", "jobs", "kernels", "machines", "results", "submissions"]
