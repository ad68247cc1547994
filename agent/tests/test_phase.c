/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The phase runner, with real children that behave, misbehave and hide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "phase.h"
#include "result.h"
#include "stop.h"

#define WHOLE_DAY_S "86400"

static char *env[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};

/* A phase that runs a shell script. */
struct shell_phase {
	struct job_phase phase;
	char script[512];
	char *argv[4];
};

static struct job_phase *shell(struct shell_phase *shell_phase, const char *script)
{
	static char program[] = "/bin/sh", option[] = "-c";

	memset(shell_phase, 0, sizeof(*shell_phase));
	snprintf(shell_phase->script, sizeof(shell_phase->script), "%s", script);
	shell_phase->argv[0] = program;
	shell_phase->argv[1] = option;
	shell_phase->argv[2] = shell_phase->script;
	shell_phase->phase = (struct job_phase){
		.name = "test",
		.argv = shell_phase->argv,
		.env = env,
		.timeout_s = 20,
		.term_grace_s = 10,
		.output_limit_bytes = 1024 * 1024,
		.result_format = RESULT_NONE,
	};
	return &shell_phase->phase;
}

/* Nothing of the tree is left: this process has no child at all. */
static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* The process whose number the phase printed is gone. */
static void assert_printed_process_gone(const struct phase_report *report)
{
	pid_t pid = (pid_t)atoi(report->output.data);

	assert_true(pid > 1);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void a_normal_end(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;

	(void)state;
	phase_run(shell(&buffer, "echo out; echo err >&2; pwd; cat"), &report);
	assert_int_equal(report.outcome, PHASE_DONE);
	assert_int_equal(report.exit_code, 0);
	assert_int_equal(report.signal, 0);
	assert_string_equal(report.output.data, "out\n/\n");
	assert_string_equal(report.stderr_tail, "err\n");
	assert_string_equal(report.reason, "");
	assert_false(report.tree_left);
	assert_no_children();
	phase_report_free(&report);
}

static void an_exit_code(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;

	(void)state;
	phase_run(shell(&buffer, "exit 3"), &report);
	assert_int_equal(report.outcome, PHASE_ERROR);
	assert_int_equal(report.exit_code, 3);
	assert_string_equal(report.reason, "exit status 3");
	phase_report_free(&report);
}

static void a_signal(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;

	(void)state;
	phase_run(shell(&buffer, "kill -SEGV $$"), &report);
	assert_int_equal(report.outcome, PHASE_ERROR);
	assert_int_equal(report.exit_code, -1);
	assert_int_equal(report.signal, SIGSEGV);
	assert_string_equal(report.reason, "ended by signal 11 (Segmentation fault)");
	phase_report_free(&report);
}

static void a_missing_program(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;
	struct job_phase *phase = shell(&buffer, "");
	char missing[] = "/nowhere/kbench";

	(void)state;
	phase->argv[0] = missing;
	phase_run(phase, &report);
	assert_int_equal(report.outcome, PHASE_ERROR);
	assert_int_equal(report.exit_code, -1);
	assert_string_equal(report.reason,
			    "cannot start /nowhere/kbench: No such file or directory");
	assert_no_children();
	phase_report_free(&report);
}

static void nothing_is_inherited(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;

	(void)state;
	setenv("SECRET", "token", 1);
	phase_run(shell(&buffer, "env | grep SECRET; ls /proc/self/fd | wc -l;"
				 "grep SigBlk /proc/self/status"),
		  &report);
	/* 0, 1, 2 and the one ls reads the directory with; no signal is blocked */
	assert_string_equal(report.output.data, "4\nSigBlk:\t0000000000000000\n");
	phase_report_free(&report);
}

static void an_overrun_is_asked_first(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;
	struct job_phase *phase =
		shell(&buffer, "trap 'echo bye; exit 5' TERM; sleep " WHOLE_DAY_S " & wait");

	(void)state;
	phase->timeout_s = 1;
	phase_run(phase, &report);
	assert_int_equal(report.outcome, PHASE_TIMEOUT);
	assert_int_equal(report.exit_code, 5);
	assert_string_equal(report.output.data, "bye\n");
	assert_string_equal(report.reason, "still running after 1 s");
	assert_in_range(report.duration_ms, 1000, 5000);
	assert_no_children();
	phase_report_free(&report);
}

static void an_overrun_that_ignores_term_is_killed(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;
	struct job_phase *phase =
		shell(&buffer, "trap '' TERM; echo $$; while :; do sleep 1; done");

	(void)state;
	phase->timeout_s = 1;
	phase->term_grace_s = 1;
	phase_run(phase, &report);
	assert_int_equal(report.outcome, PHASE_TIMEOUT);
	assert_int_equal(report.exit_code, -1);
	assert_int_equal(report.signal, SIGKILL);
	assert_in_range(report.duration_ms, 2000, 8000);
	assert_printed_process_gone(&report);
	assert_no_children();
	phase_report_free(&report);
}

static void a_stopped_process_is_killed_too(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;
	struct job_phase *phase = shell(&buffer, "echo $$; trap '' TERM; kill -STOP $$; sleep 60");

	(void)state;
	phase->timeout_s = 1;
	phase->term_grace_s = 0;
	phase_run(phase, &report);
	assert_int_equal(report.outcome, PHASE_TIMEOUT);
	assert_printed_process_gone(&report);
	assert_no_children();
	phase_report_free(&report);
}

/* A grandchild in a session of its own, whose parent is dead: only the reaper still knows it. */
static const char double_fork[] = "setsid sh -c '(trap \"\" TERM; sh -c \"echo \\$PPID\"; "
				  "while :; do sleep 1; done) & exit 0'; ";

static void a_double_forked_grandchild_is_killed_on_overrun(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;
	char script[400];
	struct job_phase *phase;

	(void)state;
	snprintf(script, sizeof(script), "%s sleep " WHOLE_DAY_S, double_fork);
	phase = shell(&buffer, script);
	phase->timeout_s = 1;
	phase->term_grace_s = 1;
	phase_run(phase, &report);
	assert_int_equal(report.outcome, PHASE_TIMEOUT);
	assert_false(report.tree_left);
	assert_printed_process_gone(&report);
	assert_no_children();
	phase_report_free(&report);
}

static void a_normal_end_leaves_no_grandchild(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;
	char script[400];

	(void)state;
	snprintf(script, sizeof(script), "%s sleep 0.3; exit 0", double_fork);
	phase_run(shell(&buffer, script), &report);
	assert_int_equal(report.outcome, PHASE_DONE);
	assert_int_equal(report.exit_code, 0);
	assert_printed_process_gone(&report);
	assert_no_children();
	phase_report_free(&report);
}

static void a_tree_that_keeps_forking_is_killed(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;
	struct job_phase *phase =
		shell(&buffer, "trap '' TERM; i=0; while [ $i -lt 8 ]; do i=$((i+1));"
			       " setsid sh -c 'trap \"\" TERM; while :; do (sleep 0.01 &); done' &"
			       " done; wait");

	(void)state;
	phase->timeout_s = 1;
	phase->term_grace_s = 0;
	phase_run(phase, &report);
	assert_int_equal(report.outcome, PHASE_TIMEOUT);
	assert_false(report.tree_left);
	assert_no_children();
	phase_report_free(&report);
}

static void an_output_flood_is_cut(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;
	struct job_phase *phase = shell(&buffer, "cat /dev/zero");

	(void)state;
	phase->output_limit_bytes = 100000;
	phase_run(phase, &report);
	assert_int_equal(report.outcome, PHASE_OUTPUT_LIMIT);
	assert_int_equal(report.signal, SIGKILL);
	assert_true(report.output.length <= 100000);
	assert_string_equal(report.reason, "more than 100000 bytes on stdout");
	assert_in_range(report.duration_ms, 0, 5000);
	assert_no_children();
	phase_report_free(&report);
}

static void output_up_to_the_limit_is_kept(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;
	struct job_phase *phase = shell(&buffer, "head -c 300000 /dev/zero");

	(void)state;
	phase->output_limit_bytes = 300000;
	phase_run(phase, &report);
	assert_int_equal(report.outcome, PHASE_DONE);
	assert_int_equal(report.output.length, 300000);
	phase_report_free(&report);
	phase->output_limit_bytes = 299999;
	phase_run(phase, &report);
	assert_int_equal(report.outcome, PHASE_OUTPUT_LIMIT);
	phase_report_free(&report);
}

static void the_end_of_stderr_is_kept(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;

	(void)state;
	phase_run(shell(&buffer,
			"i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done >&2;"
			"printf 'nul\\0end' >&2"),
		  &report);
	assert_int_equal(report.outcome, PHASE_DONE);
	assert_int_equal(strlen(report.stderr_tail), PHASE_STDERR_MAX);
	assert_string_equal(report.stderr_tail + PHASE_STDERR_MAX - 17, "line 2999\nnul?end");
	phase_report_free(&report);
}

/* What a phase of this format, with this stdout and exit status, is judged to be. */
static enum phase_outcome judged(enum result_format format, const char *script, bool *has_document,
				 char *reason)
{
	struct shell_phase buffer;
	struct phase_report report;
	struct job_phase *phase = shell(&buffer, script);
	enum phase_outcome outcome;

	phase->result_format = format;
	phase_run(phase, &report);
	*has_document = result_judge(phase, &report);
	snprintf(reason, sizeof(report.reason), "%s", report.reason);
	outcome = report.outcome;
	phase_report_free(&report);
	return outcome;
}

static void a_document_is_judged(enum result_format format)
{
	char reason[256];
	bool has_document;

	assert_int_equal(judged(format, "echo '{}'", &has_document, reason), PHASE_DONE);
	assert_true(has_document);
	assert_int_equal(judged(format, "echo '{}'; exit 4", &has_document, reason), PHASE_DONE);
	assert_true(has_document);
	assert_string_equal(reason, "");
	assert_int_equal(judged(format, "echo '{}'; exit 1", &has_document, reason), PHASE_ERROR);
	assert_true(has_document);
	assert_string_equal(reason, "exit status 1");
	assert_int_equal(judged(format, "echo '{}'; kill -9 $$", &has_document, reason),
			 PHASE_ERROR);
	assert_false(has_document);
	assert_int_equal(judged(format, "exit 1", &has_document, reason), PHASE_ERROR);
	assert_string_equal(reason, "exit status 1");
	assert_int_equal(judged(format, "exit 0", &has_document, reason), PHASE_ERROR);
	assert_string_equal(reason, "stdout is empty, a JSON document was expected");
	assert_int_equal(judged(format, "echo '[]'", &has_document, reason), PHASE_ERROR);
	assert_string_equal(reason, "stdout is JSON, but not an object");
	assert_int_equal(judged(format, "echo '{'; exit 0", &has_document, reason), PHASE_ERROR);
	assert_memory_equal(reason, "stdout is not JSON: line 2 column 0: ", 37);
	assert_false(has_document);
}

static void each_kind_of_document_is_judged(void **state)
{
	(void)state;
	a_document_is_judged(RESULT_KBENCH);
	a_document_is_judged(RESULT_REAIM);
	a_document_is_judged(RESULT_PROFILE);
}

static void a_phase_without_a_format_has_no_document(void **state)
{
	char reason[256];
	bool has_document;

	(void)state;
	assert_int_equal(judged(RESULT_NONE, "echo '{}'", &has_document, reason), PHASE_DONE);
	assert_false(has_document);
	assert_int_equal(judged(RESULT_NONE, "exit 4", &has_document, reason), PHASE_ERROR);
	assert_string_equal(reason, "exit status 4");
}

/* The last one: from here on this process counts as told to stop. */
static void sigterm_ends_the_phase(void **state)
{
	struct shell_phase buffer;
	struct phase_report report;
	char script[64];
	int64_t started_ms = clock_monotonic_ms();

	(void)state;
	snprintf(script, sizeof(script), "kill -TERM %d; sleep 60", getpid());
	phase_run(shell(&buffer, script), &report);
	assert_int_equal(report.outcome, PHASE_ERROR);
	assert_string_equal(report.reason, "the agent was told to stop");
	assert_in_range(clock_monotonic_ms() - started_ms, 0, 4000);
	assert_no_children();
	phase_report_free(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_normal_end),
		cmocka_unit_test(an_exit_code),
		cmocka_unit_test(a_signal),
		cmocka_unit_test(a_missing_program),
		cmocka_unit_test(nothing_is_inherited),
		cmocka_unit_test(an_overrun_is_asked_first),
		cmocka_unit_test(an_overrun_that_ignores_term_is_killed),
		cmocka_unit_test(a_stopped_process_is_killed_too),
		cmocka_unit_test(a_double_forked_grandchild_is_killed_on_overrun),
		cmocka_unit_test(a_normal_end_leaves_no_grandchild),
		cmocka_unit_test(a_tree_that_keeps_forking_is_killed),
		cmocka_unit_test(an_output_flood_is_cut),
		cmocka_unit_test(output_up_to_the_limit_is_kept),
		cmocka_unit_test(the_end_of_stderr_is_kept),
		cmocka_unit_test(each_kind_of_document_is_judged),
		cmocka_unit_test(a_phase_without_a_format_has_no_document),
		cmocka_unit_test(sigterm_ends_the_phase),
	};

	if (stop_init() != 0 || phase_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("phase", tests, NULL, NULL);
}
