// SPDX-License-Identifier: GPL-2.0
/* Which sockets drop packets, and whose they are. */
#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "drops.h"

#define HALF 0.5	/* of its room: TCP's window closes before the buffer is full */
#define SOME 0.25	/* of its room: one large packet may leave no room for the next */
#define NEARLY 0.8	/* of its room: a packet's buffer is larger than the packet */
#define MANY 5000	/* sockets; to look at more of them at every look would cost CPU time */

struct known {
	struct drops_socket first, last;
	size_t looks, full;
};

struct sockets {
	struct known *known;		/* by inode, after the first look */
	size_t count, room, first;	/* first: how many the first look found */
	size_t looks;
	bool told;
};

static int by_inode(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return (x->first.inode > y->first.inode) - (x->first.inode < y->first.inode);
}

static void take(void *to, const struct drops_socket *s)
{
	struct known key = { .first = *s }, *k = NULL;
	struct sockets *all = to;

	if (!s->inode)	/* of a connection that has no process any more */
		return;
	if (all->first)
		k = bsearch(&key, all->known, all->first, sizeof(key), by_inode);
	if (!k) {
		size_t i;

		for (i = all->first; i < all->count && !k; i++)
			if (all->looks && all->known[i].first.inode == s->inode)
				k = &all->known[i];
	}
	if (!k) {
		all->known = grow(all->known, all->count, &all->room, sizeof(*k));
		k = &all->known[all->count++];
		*k = key;
		/* one that was made meanwhile began with none */
		if (all->looks)
			k->first.drops = 0;
		k->last = k->first;
	}
	k->looks++;
	k->full += s->held > NEARLY * s->room || (s->drops > k->last.drops && s->held > SOME * s->room);
	k->last = *s;
}

static void look(struct sockets *s, bool tcp)
{
	static const int families[] = { AF_INET, AF_INET6 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		s->told |= !drops_each(families[i], IPPROTO_UDP, 0, take, s);
		if (tcp)
			s->told |= !drops_each(families[i], IPPROTO_TCP, 0, take, s);
	}
	if (!s->looks++) {
		qsort(s->known, s->count, sizeof(*s->known), by_inode);
		s->first = s->count;
	}
}

struct sockets *sockets_begin(void)
{
	struct sockets *s = xcalloc(1, sizeof(*s));

	look(s, true);
	return s;
}

void sockets_look(struct sockets *s)
{
	if (s->count < MANY)
		look(s, false);
}

int64_t sockets_look_after(int i)
{
	double part = i % SOCKET_LOOKS == SOCKET_LOOKS - 1 ? 0 : fmod(i * 0.6180339887498949, 1);

	return (i + 1 - part) * NSEC / SOCKET_LOOKS;
}

/* "socket:[INODE]"; 0: it is something else. */
static uint32_t socket_behind(const char *dir, const char *fd)
{
	char *path = xasprintf("%s/%s", dir, fd), to[64];
	ssize_t len = readlink(path, to, sizeof(to) - 1);
	uint32_t inode = 0;

	free(path);
	if (len > 0) {
		to[len] = '\0';
		if (sscanf(to, "socket:[%u]", &inode) != 1)
			inode = 0;
	}
	return inode;
}

static void name_process(struct exam_socket *s, const char *pid)
{
	char *path = xasprintf("/proc/%s/stat", pid), *text = read_file(path), *end, *name;

	free(path);
	end = text ? strrchr(text, ')') : NULL;
	name = text ? strchr(text, '(') : NULL;
	if (end && name && end > name && end[1]) {
		s->pid = atoi(pid);
		s->state = end[2];
		*end = '\0';
		snprintf(s->command, sizeof(s->command), "%s", name + 1);
		clean_text(s->command);
	}
	free(text);
}

static void look_in(const char *pid, struct exam_socket *sockets, size_t count)
{
	char *path = xasprintf("/proc/%s/fd", pid);
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t i;

	while (dir && (entry = readdir(dir))) {
		uint32_t inode = socket_behind(path, entry->d_name);

		for (i = 0; inode && i < count; i++)
			if (sockets[i].inode == inode && !sockets[i].pid)
				name_process(&sockets[i], pid);
	}
	if (dir)
		closedir(dir);
	free(path);
}

static void name_all(struct exam_socket *sockets, size_t count)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (!dir)
		return;
	while (count && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			look_in(entry->d_name, sockets, count);
	closedir(dir);
}

/* A TCP program that did not read meanwhile; its sender waits, and tries again now and then. */
static bool is_stuck(const struct known *k)
{
	return k->last.protocol == IPPROTO_TCP && k->last.state != TCP_LISTEN && k->looks > 1 &&
	       k->last.waiting > 0 && k->last.waiting == k->first.waiting &&
	       k->first.held > HALF * k->first.room;
}

static int by_drops(const void *a, const void *b)
{
	const struct exam_socket *x = a, *y = b;

	return (y->dropped > x->dropped) - (y->dropped < x->dropped);
}

void sockets_end(struct sockets *s, struct patient *p)
{
	size_t i, room = 0;

	look(s, true);
	p->sockets_told = s->told;
	for (i = 0; i < s->count; i++) {
		const struct known *k = &s->known[i];
		bool listens = k->last.protocol == IPPROTO_TCP && k->last.state == TCP_LISTEN;

		if (!(k->last.drops > k->first.drops) && !is_stuck(k))
			continue;
		p->socket = grow(p->socket, p->sockets, &room, sizeof(*p->socket));
		p->socket[p->sockets++] = (struct exam_socket){
			.inode = k->last.inode, .protocol = k->last.protocol, .port = k->last.port,
			.listens = listens, .loopback = k->last.loopback, .dropped = k->last.drops - k->first.drops,
			.room = listens ? k->last.most_waiting : k->last.room,
			.stuck = is_stuck(k), .waiting = k->last.waiting, .looks = k->looks, .full = k->full,
		};
	}
	if (p->sockets)
		qsort(p->socket, p->sockets, sizeof(*p->socket), by_drops);
	name_all(p->socket, p->sockets);
	free(s->known);
	free(s);
}
