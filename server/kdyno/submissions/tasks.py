# SPDX-License-Identifier: GPL-2.0-or-later
"""Concludes submissions."""

from celery import shared_task

from kdyno.worker import task_runtime


@shared_task(name="submissions.conclude")
def conclude(submission_id: int) -> None:
    """Judge a submission whose jobs are all through."""
    # numpy, scipy and matplotlib: only the worker that concludes is to carry them
    from kdyno.submissions.conclude import conclude as conclude_submission

    runtime = task_runtime()
    with runtime.unit_of_work() as session:
        conclude_submission(session, submission_id=submission_id, url=runtime.settings.public_url)
