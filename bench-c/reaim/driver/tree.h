/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directory trees: the one that is searched, and any one's end. */
#ifndef KDYNO_REAIM_TREE_H
#define KDYNO_REAIM_TREE_H

/* Remove `name` in the directory `folder` with all below it, following no link. 0, or -1 and
 * errno of the first failure; the rest is removed all the same. */
int tree_remove(int folder, const char *name);

/* Make the tree that disk_src searches: three levels, a hundred names. 0, or -1 and errno. */
int tree_make(const char *path);

#endif
