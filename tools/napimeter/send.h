/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Our own UDP source, for what iperf2 cannot send: bursts of a set length at
 * an average load, and a load that is met or missed, never made up for by a
 * longer burst. The guest asks, the other host sends back to where the
 * question came from, so it works behind NAT as `iperf -R` does.
 */
#ifndef NAPIMETER_SEND_H
#define NAPIMETER_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/run.h"
#include "util.h"

/* The source's final message: *sent datagrams. */
bool send_is_end(const char *data, size_t len, int64_t *sent);

/* On a connected UDP socket: have the other side start sending. */
int send_ask(int fd, const struct row *spec, double seconds);
/* Have it stop early. */
void send_cancel(int fd);

int cmd_serve(int argc, char *argv[]);

#endif
