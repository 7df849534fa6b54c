// SPDX-License-Identifier: GPL-2.0
/*
 * Harm for the driver that a shell cannot do, or not fast enough.
 *
 * fault fail CALL… [: UNDO…]	for N = 1, 2, …: CALL with its Nth allocation failing, and
 *				UNDO if it worked all the same; until CALL has no Nth
 *				any more. EVERY=K tries each Kth only.
 * fault weights DOOR N MAX [MS]	N changes of the weight, to 1 to MAX by turns, MS
 *				milliseconds apart; DOOR is a debugfs file or an interface's name
 * fault loads FILE N		the module FILE loaded, each time with another weight, eth0 up
 *				every other time, and unloaded, N times
 * fault refuse FILE		all that is not a number, in one write each: none may be taken
 * fault fuzz FILE SECONDS	writes of random length and content
 * fault frames IF SECONDS	frames of 14 to 9014 bytes to anybody, as fast as they go
 * fault listen PORT SECONDS	how many datagrams come; none is a failure
 * fault call CALL…		CALL once
 *
 * CALL: insmod FILE PARAMETERS | rmmod NAME | write FILE TEXT | read FILE |
 * up IF | down IF | stats IF | weight IF N
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DEBUG	"/sys/kernel/debug/e1000_napi"

static int sock;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int write_file(const char *file, const void *text, size_t len)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return -1;
	rc = write(fd, text, len) < 0 ? -1 : 0;
	close(fd);

	return rc;
}

static int read_file(const char *file)
{
	char buf[4096];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -1;
	while ((got = read(fd, buf, sizeof(buf))) > 0)
		;
	close(fd);

	return got;
}

static int up_or_down(const char *name, bool up)
{
	struct ifreq r = { 0 };

	snprintf(r.ifr_name, IFNAMSIZ, "%s", name);
	if (ioctl(sock, SIOCGIFFLAGS, &r))
		return -1;
	r.ifr_flags = up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP;

	return ioctl(sock, SIOCSIFFLAGS, &r);
}

static int by_ethtool(const char *name, void *data)
{
	struct ifreq r = { .ifr_data = data };

	snprintf(r.ifr_name, IFNAMSIZ, "%s", name);
	return ioctl(sock, SIOCETHTOOL, &r);
}

static int stats(const char *name)
{
	static char space[sizeof(struct ethtool_stats) + 512 * 8];
	struct ethtool_stats *s = (void *)space;

	s->cmd = ETHTOOL_GSTATS;
	return by_ethtool(name, s);
}

static int set_weight(const char *door, unsigned int weight)
{
	struct ethtool_coalesce c = { .cmd = ETHTOOL_GCOALESCE };
	char text[16];

	if (door[0] == '/') {
		snprintf(text, sizeof(text), "%u\n", weight);
		return write_file(door, text, strlen(text));
	}
	if (by_ethtool(door, &c))
		return -1;
	c.cmd = ETHTOOL_SCOALESCE;
	c.rx_max_coalesced_frames_irq = weight;

	return by_ethtool(door, &c);
}

static int call(char **c)
{
	int fd, rc;

	if (!strcmp(c[0], "insmod")) {
		fd = open(c[1], O_RDONLY | O_CLOEXEC);
		rc = syscall(SYS_finit_module, fd, c[2], 0);
		close(fd);
		return rc;
	}
	if (!strcmp(c[0], "rmmod"))
		return syscall(SYS_delete_module, c[1], 0);
	if (!strcmp(c[0], "write"))
		return write_file(c[1], c[2], strlen(c[2]));
	if (!strcmp(c[0], "read"))
		return read_file(c[1]);
	if (!strcmp(c[0], "stats"))
		return stats(c[1]);
	if (!strcmp(c[0], "weight"))
		return set_weight(c[1], atoi(c[2]));
	if (!strcmp(c[0], "up") || !strcmp(c[0], "down"))
		return up_or_down(c[1], c[0][0] == 'u');
	fprintf(stderr, "fault: there is no call %s\n", c[0]);
	exit(2);
}

/* The kernel's own counter of this thread: the Nth allocation from now fails */
static int fail(char **c)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	int every = atoi(getenv("EVERY") ?: "1"), n, rc;
	unsigned int failed = 0, worked = 0;
	char **undo = c, left[16];
	ssize_t got;

	if (fd < 0)
		die("fail-nth");
	while (*undo && strcmp(*undo, ":"))
		undo++;
	if (*undo)
		*undo++ = NULL;
	for (n = 1;; n += every) {
		snprintf(left, sizeof(left), "%d", n);
		if (pwrite(fd, left, strlen(left), 0) < 0)
			die("fail-nth");
		rc = call(c);
		got = pread(fd, left, sizeof(left) - 1, 0);
		if (pwrite(fd, "0", 1, 0) < 0 || got < 1)
			die("fail-nth");
		left[got] = '\0';
		if (!rc && *undo && call(undo))
			die(undo[0]);
		if (atoi(left))
			break;
		if (rc)
			failed++;
		else
			worked++;
	}
	printf("%d allocations tried: %u calls failed, %u worked\n",
	       failed + worked, failed, worked);
	if (rc)
		die("the call without a failing allocation");

	return failed + worked ? 0 : 1;
}

static int weights(char **c)
{
	int n = atoi(c[1]), max = atoi(c[2]), ms = c[3] ? atoi(c[3]) : 0, i;

	for (i = 0; i < n; i++) {
		if (set_weight(c[0], 1 + i * 7 % max))
			die(c[0]);
		usleep(ms * 1000);
	}
	printf("%d\n", n);

	return 0;
}

/* One round of loads: what did not work, or NULL */
static const char *load(char *file, unsigned int i)
{
	static char insmod[] = "insmod", rmmod[] = "rmmod", name[] = "e1000_napi";
	char parameters[16], *module[] = { insmod, file, parameters, NULL };
	char *unload[] = { rmmod, name, NULL }, text[16] = "";
	unsigned int weight = 1 + i % 64;
	double end;
	int fd;

	snprintf(parameters, sizeof(parameters), "weight=%u", weight);
	if (call(module))
		return "insmod";
	if (i % 2 && up_or_down("eth0", true))
		return "up";
	fd = open(DEBUG "/eth0/weight", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 1 || strtoul(text, NULL, 10) != weight)
		return "the weight";
	close(fd);
	/* not while a file is being read */
	for (end = now() + 10; call(unload); usleep(10000))
		if ((errno != EAGAIN && errno != EBUSY) || now() > end)
			return "rmmod";
	if (!access(DEBUG, F_OK)) {
		errno = EEXIST;
		return DEBUG;
	}

	return NULL;
}

static int loads(char **c)
{
	int i, n = atoi(c[1]);
	const char *what;

	for (i = 0; i < n; i++) {
		what = load(c[0], i);
		if (what) {
			fprintf(stderr, "load %d: ", i + 1);
			die(what);
		}
		if (i % 100 == 99)
			fprintf(stderr, "# %d loads, %.0f s\n", i + 1, now());
	}
	printf("%d\n", n);

	return n ? 0 : 1;
}

static int refuse(char **c)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
#define BAD(text)	{ text, sizeof(text) - 1 }
		BAD(""), BAD(" "), BAD("\n"), BAD("0"), BAD("-1"), BAD("+0"), BAD("+5"),
		BAD("0x15"), BAD("0b1"), BAD("1.5"), BAD("1 1"), BAD(" 1"),
		BAD("1 "), BAD("1\n\n"), BAD("1\n2\n"), BAD("\0"), BAD("1\0"),
		BAD("\0001"), BAD("1\0001"), BAD("abc"), BAD("\033[2J"),
		BAD("%n%s"), BAD("$(id)"), BAD("\xd9\xa3"), BAD("1\r\n"),
		BAD("4294967297"), BAD("18446744073709551617"),
		BAD("99999999999999999999999"),
	};
	static char big[1 << 20];
	unsigned int taken = 0;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (write_file(c[0], bad[i].text, bad[i].len))
			continue;
		printf("takes '%s' of %zu bytes\n", bad[i].text, bad[i].len);
		taken++;
	}
	for (i = 0; i < 2; i++, memset(big, '1', sizeof(big)))
		taken += !write_file(c[0], big, sizeof(big));
	for (i = 4096; i > 11; i /= 2)
		taken += !write_file(c[0], big, i);
	/* neither is what only begins at the end of the program's memory */
	taken += !write_file(c[0], (void *)-8L, 4);
	printf("%u taken\n", taken);

	return taken ? 1 : 0;
}

/* Half of them nearly numbers, half anything; none may make an invalid weight */
static int fuzz(char **c)
{
	static const char some[] = "0123456789-+x \n,.";
	static char buf[1 << 20];
	double end = now() + atof(c[1]);
	unsigned long n = 0, good = 0;
	int fd = open(c[0], O_WRONLY | O_CLOEXEC);
	size_t len, i;

	if (fd < 0)
		die(c[0]);
	for (; now() < end; n++) {
		len = random() % (random() % 100 ? 16 : (long)sizeof(buf));
		for (i = 0; i < len && i < 4096; i++)
			buf[i] = n % 2 ? some[random() % (sizeof(some) - 1)] :
					 random();
		good += write(fd, buf, len) > 0;
	}
	printf("%lu writes, %lu taken\n", n, good);

	return n ? 0 : 1;
}

static int frames(char **c)
{
	static const unsigned char to_us[6] = { 0x52, 0x54, 0, 0, 1, 0 };
	double end = now() + atof(c[1]);
	static unsigned char frame[9014];
	unsigned long sent = 0, n;
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int s = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	size_t len, i;

	to.sll_ifindex = if_nametoindex(c[0]);
	if (s < 0 || !to.sll_ifindex)
		die(c[0]);
	for (n = 0; now() < end; n++) {
		/* runts, common ones, and what is longer than any MTU */
		len = n % 3 == 0 ? 14 + random() % 46 :
		      n % 3 == 1 ? 60 + random() % 1455 : 14 + random() % 9001;
		for (i = 0; i < 64 && i < len; i++)
			frame[i] = random();
		memset(frame, 0xff, 6);
		if (n % 4 == 1)
			memcpy(frame, to_us, 6);
		else if (n % 4 == 2)
			frame[0] = 0x01;	/* to some group */
		else if (n % 4 == 3)
			frame[0] = 0x02;	/* to another host */
		sent += sendto(s, frame, len, 0, (void *)&to, sizeof(to)) > 0;
	}
	printf("%lu frames sent\n", sent);

	return sent ? 0 : 1;
}

static int listen_to(char **c)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct timeval wait = { .tv_sec = 1 };
	double end = now() + atof(c[1]);
	unsigned long got = 0;
	char buf[2048];

	at.sin_port = htons(atoi(c[0]));
	if (bind(sock, (void *)&at, sizeof(at)))
		die(c[0]);
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	while (now() < end)
		got += recv(sock, buf, sizeof(buf), 0) > 0;
	printf("%lu datagrams\n", got);

	return got ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	srandom(atoi(getenv("SEED") ?: "1"));
	if (!strcmp(what, "fail"))
		return fail(argv + 2);
	if (!strcmp(what, "call"))
		return call(argv + 2) ? (perror(argv[2]), 1) : 0;
	if (!strcmp(what, "refuse"))
		return refuse(argv + 2);
	if (!strcmp(what, "weights") && argc >= 5)
		return weights(argv + 2);
	if (!strcmp(what, "loads") && argc == 4)
		return loads(argv + 2);
	if (!strcmp(what, "listen") && argc == 4)
		return listen_to(argv + 2);
	if (!strcmp(what, "fuzz") && argc == 4)
		return fuzz(argv + 2);
	if (!strcmp(what, "frames") && argc == 4)
		return frames(argv + 2);
	fprintf(stderr, "usage: fault fail | call | refuse | listen | loads | weights | fuzz | frames …, see fault.c\n");

	return 2;
}
