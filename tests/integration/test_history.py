# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine's past becomes the prior of its next comparison, and nothing else's past does."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from kdyno.analysis.models import MetricVerdict
from kdyno.submissions.conclude import conclude
from kdyno.submissions.models import Submission
from tests.lab_rows import LabRows

pytestmark = pytest.mark.integration

BOOT_CV = 0.002


def run_submission(lab: LabRows, *, rng: np.random.Generator) -> int:
    """Four boots that scatter by BOOT_CV, and the verdict."""
    submission_id = lab.submit()
    for order_no in range(1, 5):
        level = 100 * np.exp(BOOT_CV * rng.standard_normal())
        lab.run_job(submission_id, order_no, samples=[float(level + 0.01 * step) for step in range(20)])
    with lab.unit_of_work() as session:
        conclude(session, submission_id=submission_id, url="http://lab")
    return submission_id


def details(lab: LabRows, submission_id: int) -> dict[str, Any]:
    with lab.unit_of_work() as session:
        rows = session.scalars(select(MetricVerdict).where(MetricVerdict.submission_id == submission_id)).all()
        assert rows
        return dict(rows[0].details)


def test_the_past_of_the_machine_becomes_the_prior_once_it_is_long_enough(lab: LabRows) -> None:
    rng = np.random.default_rng(1)
    ids = [run_submission(lab, rng=rng) for _ in range(5)]
    learned = [details(lab, submission_id)["prior"]["learned"] for submission_id in ids]
    # Two arms of two boots are two degrees of freedom; six are needed.
    assert learned == [False, False, False, True, True]
    last = details(lab, ids[-1])
    assert last["prior_used"]
    assert last["prior"]["sd"] == pytest.approx(BOOT_CV, rel=0.6)
    assert last["alpha"] == 0.01


def test_another_kconfig_and_unfinished_submissions_teach_nothing(lab: LabRows) -> None:
    rng = np.random.default_rng(2)
    ids = [run_submission(lab, rng=rng) for _ in range(4)]
    with lab.unit_of_work() as session:
        session.execute(update(Submission).where(Submission.id == ids[0]).values(kconfig="defconfig"))
        session.execute(update(Submission).where(Submission.id == ids[1]).values(status="open"))
    assert not details(lab, run_submission(lab, rng=rng))["prior"]["learned"]
