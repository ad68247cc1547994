# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends what the outbox owes."""

import structlog
from celery import shared_task

from kdyno.alerts import service
from kdyno.mail.transport import send
from kdyno.worker import task_runtime

log = structlog.get_logger(__name__)


@shared_task(name="alerts.deliver")
def deliver() -> None:
    """Try every mail that is due; one that fails waits and is tried again."""
    runtime = task_runtime()
    if not runtime.settings.smtp_url:
        return
    with runtime.unit_of_work() as session:
        for mail in service.take_due(session):
            try:
                send(service.build_message(mail, sender=runtime.settings.mail_from), smtp_url=runtime.settings.smtp_url)
            except OSError as error:  # smtplib's errors are OSErrors too
                log.warning("mail not sent", mail=mail.id, error=str(error))
                service.mark_failed(session, mail=mail, error=str(error))
            else:
                service.mark_sent(session, mail=mail)
