// SPDX-License-Identifier: GPL-2.0
/*
 * liar HOW [PORT]: where sweep.sh expects `iperf -s` and `iperf -s -u`, on TCP and
 * UDP: one that
 *   lies    numbers its datagrams as they never were sent, and ends with less
 *   stalls  takes the connection, and says nothing
 *   floods  never stops sending, however little was asked for
 *   cuts    begins well, and is gone in the middle
 *   talks   sends a terminal's escape sequences and a shell's words, as its version too
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char talk[] =
	"\033]0;owned\a\033[2J\x9b" "31m$(touch /tmp/pwned)`touch /tmp/pwned`;touch /tmp/pwned\n"
	"19700101000000,$(id),5001,`id`,1,0.0-1.0,1e308,nan,\033[1m,-5,99999999999999999999\n";

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int listen_on(int type, unsigned short port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    (type == SOCK_STREAM && listen(fd, 8))) {
		perror("liar");
		exit(1);
	}
	return fd;
}

/* The answer to a client's first datagram or connection; in a process of its own. */
static void serve(const char *how, int fd, const struct sockaddr_in *to)
{
	char packet[1470] = "";
	uint32_t *head = (uint32_t *)packet;
	double start = now(), seconds = !strcmp(how, "floods") ? 60 : !strcmp(how, "cuts") ? 0.2 : 1;
	socklen_t len = to ? sizeof(*to) : 0;
	bool udp = to;
	int32_t id = 0;

	if (!strcmp(how, "stalls")) {
		sleep(60);
		return;
	}
	if (!strcmp(how, "talks"))
		memcpy(packet, talk, sizeof(talk));
	while (now() - start < seconds) {
		struct timespec pause = { 0, 1000000 };

		if (udp && strcmp(how, "talks")) {
			head[0] = htonl(!strcmp(how, "lies") ? (uint32_t)id * 1000003u : (uint32_t)id);
			head[1] = htonl(!strcmp(how, "lies") ? 0xffffffff : (uint32_t)time(NULL));
			head[2] = htonl(!strcmp(how, "lies") ? 0xffffffff : 0);
			id++;
		}
		if (sendto(fd, packet, sizeof(packet), MSG_NOSIGNAL, (void *)to, len) < 0 && !udp)
			return;
		if (strcmp(how, "floods"))
			nanosleep(&pause, NULL);
	}
	if (udp && !strcmp(how, "lies")) {
		head[0] = htonl(-7);
		sendto(fd, packet, sizeof(packet), 0, (void *)to, len);
	}
}

int main(int argc, char *argv[])
{
	const char *how = argc > 1 ? argv[1] : "";
	unsigned short port = argc > 2 ? atoi(argv[2]) : 5001;
	struct pollfd fds[2];

	if (!*how || !strcmp(how, "--help") || !port) {
		printf("usage: liar lies|stalls|floods|cuts|talks [PORT]\n");
		return *how ? 0 : 2;
	}
	signal(SIGCHLD, SIG_IGN);
	fds[0] = (struct pollfd){ listen_on(SOCK_STREAM, port), POLLIN, 0 };
	fds[1] = (struct pollfd){ listen_on(SOCK_DGRAM, port), POLLIN, 0 };
	while (poll(fds, 2, -1) > 0) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		char first[2048];
		int fd;

		if (fds[0].revents) {
			fd = accept(fds[0].fd, NULL, NULL);
			if (fd >= 0 && fork() == 0) {
				serve(how, fd, NULL);
				_exit(0);
			}
			close(fd);
		}
		if (fds[1].revents &&
		    recvfrom(fds[1].fd, first, sizeof(first), 0, (struct sockaddr *)&from, &len) >= 0 &&
		    fork() == 0) {
			serve(how, fds[1].fd, &from);
			_exit(0);
		}
	}
	return 1;
}
