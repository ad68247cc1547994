-- SPDX-License-Identifier: GPL-2.0-or-later
-- The role that Grafana reads with. Grafana does not vet the SQL its users write, so this role can read the numbers
-- and nothing secret: no tokens, no mails, no patches, no consoles. Safe to run again; run it after the migrations:
--   psql -v ON_ERROR_STOP=1 -v password=... -f grafana-role.sql

DO $$
BEGIN
    CREATE ROLE kdyno_grafana;
EXCEPTION WHEN duplicate_object THEN
    NULL;
END
$$;

ALTER ROLE kdyno_grafana LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD :'password';
ALTER ROLE kdyno_grafana SET default_transaction_read_only = on;
ALTER ROLE kdyno_grafana SET statement_timeout = '30s';

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM kdyno_grafana;
GRANT USAGE ON SCHEMA public TO kdyno_grafana;
GRANT SELECT ON arms, job_events, leases, metric_verdicts, metrics, runs, samples, trees TO kdyno_grafana;
GRANT SELECT (id, name, machine_type, noise_kind, lab_name, driver, health, health_reason, created_at)
    ON machines TO kdyno_grafana;
GRANT SELECT (id, title, tree_name, base_revision, base_commit, patchset_hash, kconfig, workloads, machine_type,
              boots_per_arm, image_id, machine_id, status, cancel_requested, verdict, verdict_reason, failure_class,
              failure_message, created_at, finished_at)
    ON submissions TO kdyno_grafana;
GRANT SELECT (id, submission_id, arm_id, order_no, status, status_since, machine_id, current_attempt_id, failure_class,
              failure_message, created_at, finished_at)
    ON jobs TO kdyno_grafana;
GRANT SELECT (id, job_id, attempt_no, machine_id, image_id, powered_on_at, imaging, state_manifest, agent_facts,
              failure_class, failure_message, started_at, ended_at)
    ON attempts TO kdyno_grafana;
GRANT SELECT (id, tree_name, commit, patchset_hash, kconfig, status, key, release, toolchain, objects_done,
              objects_expected, reused, failure_class, failure_message, tries, created_at, started_at, finished_at)
    ON builds TO kdyno_grafana;
