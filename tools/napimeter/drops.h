/* SPDX-License-Identifier: GPL-2.0 */
/* Drops and unread bytes of sockets, one by one. */
#ifndef NAPIMETER_DROPS_H
#define NAPIMETER_DROPS_H

#include <stdbool.h>
#include <stdint.h>

/* One socket, as the kernel's sock_diag tells it. Bytes are those of SO_RCVBUF's account. */
struct drops_socket {
	uint32_t inode;
	int family, protocol, state;	/* AF_INET…, IPPROTO_UDP…, TCP_LISTEN… */
	unsigned int port;		/* its own */
	bool loopback;			/* bound to 127.0.0.0/8 or ::1 */
	double drops;			/* packets, since it was made */
	double held, room;		/* bytes in its receive buffer, and the most */
	double waiting, most_waiting;	/* TCP_LISTEN: connections not accepted yet; else bytes */
};

/*
 * Tell found() of every socket of one family and protocol, on this port (network order) or on
 * all (0). -1: this kernel does not tell.
 */
int drops_each(int family, int protocol, uint16_t port,
	       void (*found)(void *to, const struct drops_socket *), void *to);

/*
 * Datagrams that this socket dropped since it was made: no room, or a bad checksum. Read by
 * sock_diag, so the descriptor may be a copy of another process's. NaN: not known.
 */
double drops_of(int fd);

/*
 * Take the unread datagrams. Of iperf's datagrams: data, and repeated ends, whose numbers are
 * negative. Both 0 if there is none.
 */
void drops_unread(int fd, double *data, double *ends);

#endif
