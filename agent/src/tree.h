/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals to every descendant of this process. The agent is a child subreaper: a process whose
 * parent dies becomes the agent's own child, so no double fork, new session or new process group
 * takes a process out of this tree.
 */
#ifndef KDYNO_TREE_H
#define KDYNO_TREE_H

/* Makes this process the reaper of its orphaned descendants. Returns 0, or -1 with errno set. */
int tree_adopt_orphans(void);

/* Asks each descendant to end; a stopped one is woken so that it can. */
void tree_terminate(void);

/*
 * Kills each descendant found now. They are stopped first, until no new one appears, because a
 * stopped process cannot fork ahead of us. The caller reaps, and repeats until it has no children.
 */
void tree_kill(void);

#endif
