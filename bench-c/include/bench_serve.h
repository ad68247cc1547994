/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kbench serve`: the other side of the network benchmarks, for their parameter peer. */
#ifndef KDYNO_BENCH_SERVE_H
#define KDYNO_BENCH_SERVE_H

/*
 * Listen on ADDRESS:PORT or [ADDRESS]:PORT (numeric; port 0: any), print the address with the
 * port that was bound, and serve until SIGTERM or SIGINT: 0. After a message: 1 if it cannot,
 * 2 if the address cannot be read.
 *
 * Nothing asks who connects, so listen on a network of the laboratory only. Sizes and numbers
 * from the other side are checked, sessions are limited, answers go only to an address that
 * holds a TCP connection, and a session that is silent ends.
 */
int bench_serve(const char *listen_address);

#endif
