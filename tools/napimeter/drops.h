/* SPDX-License-Identifier: GPL-2.0 */
/* What one UDP socket has dropped and still holds, apart from all other sockets. */
#ifndef NAPIMETER_DROPS_H
#define NAPIMETER_DROPS_H

/*
 * Datagrams that this socket dropped since it was made: no room, or a bad checksum. The kernel
 * is asked by sock_diag, so the descriptor may be a copy of another process's. NaN: not known.
 */
double drops_of(int fd);

/*
 * Take what nobody has read. Of iperf's datagrams: data, and repeated ends, whose numbers are
 * negative. Both 0 if there is none.
 */
void drops_unread(int fd, double *data, double *ends);

#endif
