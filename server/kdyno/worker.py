# SPDX-License-Identifier: GPL-2.0-or-later
"""The Celery application: queues, the beat schedule, and the runtime that tasks use.

Tasks live in their domain's `tasks.py`. A message is a hint that carries an id; PostgreSQL holds the truth,
so a lost or doubled message does no harm.
"""

from functools import cache
from typing import Any

from celery import Celery, signals

from kdyno.config import Settings, load_settings
from kdyno.db.engine import Hint
from kdyno.runtime import Runtime, create_runtime

TASK_MODULES = [
    "kdyno.alerts.tasks",
    "kdyno.jobs.tasks",
    "kdyno.kernels.tasks",
    "kdyno.submissions.tasks",
]
TICK_S = 2.0
OUTBOX_S = 5.0

celery_app = Celery("kdyno", include=TASK_MODULES)


def configure(app: Celery, settings: Settings) -> None:
    """Point the application at its broker; connects to nothing."""
    app.conf.update(
        broker_url=settings.redis_url,
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
        task_acks_late=True,
        # A task that outlives its worker is found by the sweeper; the broker need not guess.
        task_reject_on_worker_lost=False,
        broker_transport_options={
            "visibility_timeout": 4 * 3600,
            # A hint is worth no waiting: without a broker the sweeper finds what is owed.
            "max_retries": 0,
            "interval_start": 0,
            "interval_step": 0.1,
            "interval_max": 0.1,
            "socket_connect_timeout": 2,
        },
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        task_default_queue="control",
        beat_schedule={
            "tick": {"task": "jobs.tick", "schedule": TICK_S, "options": {"expires": TICK_S * 2}},
            "outbox": {"task": "alerts.deliver", "schedule": OUTBOX_S, "options": {"expires": OUTBOX_S * 2}},
        },
        beat_scheduler="celery.beat:Scheduler",
        timezone="UTC",
    )


def send_hint(item: Hint) -> None:
    """Put a hint on its queue; fails within seconds when the broker is away."""
    kwargs: dict[str, Any] = {"retry": False}
    celery_app.send_task(item.task, args=item.args, queue=item.queue, **kwargs)


@cache
def task_runtime() -> Runtime:
    """The runtime of this worker process, made at the first task."""
    settings = load_settings()
    configure(celery_app, settings)
    return create_runtime(settings, send_hint=send_hint)


@signals.celeryd_init.connect
@signals.beat_init.connect
def _configure_process(**_: Any) -> None:
    configure(celery_app, load_settings())
