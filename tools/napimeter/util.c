// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

static char reason[600];

int fail(const char *fmt, ...)
{
	char text[sizeof(reason)];
	va_list ap;

	/* the arguments may hold the reason kept so far */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	clean_text(text);
	memcpy(reason, text, sizeof(reason));
	return -1;
}

const char *failure(void)
{
	return reason;
}

static void say(const char *what, const char *fmt, va_list ap)
{
	const char *program = getenv("E1000_NAPI_PROG");
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	clean_text(text);
	/* called by a command of ours, it speaks in that one's name */
	fprintf(stderr, "%s: %s%s\n", program && *program ? program : "napimeter", what, text);
}

void warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

void die(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
	exit(code);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		die(EXIT_FAILED, "out of memory");
	return p;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		die(EXIT_FAILED, "out of memory");
	va_end(ap);
	return text;
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

int64_t mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t real_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

void sleep_until(int64_t mono)
{
	struct timespec ts = { mono / NSEC, mono % NSEC };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

void sleep_ns(int64_t ns)
{
	sleep_until(mono_ns() + ns);
}

char *read_fd(int fd, const char *path, ssize_t *len)
{
	size_t used = 0, size = 0;
	char *text = NULL;
	ssize_t got;

	do {
		if (size - used < 4096) {
			size = size ? size * 2 : 16384;
			text = realloc(text, size);
			if (!text)
				die(EXIT_FAILED, "out of memory");
		}
		got = read(fd, text + used, size - used - 1);
		if (got > 0)
			used += got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0) {
		fail("%s: %s", path, strerror(errno));
		free(text);
		text = NULL;
		*len = -1;
	} else {
		text[used] = '\0';
		*len = used;
	}
	return text;
}

char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;
	char *text;

	if (fd < 0) {
		fail("%s: %s", path, strerror(errno));
		return NULL;
	}
	text = read_fd(fd, path, &len);
	close(fd);
	return text;
}

int read_line(const char *path, char *buf, size_t len)
{
	char *text = read_file(path);

	if (!text)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	snprintf(buf, len, "%s", text);
	free(text);
	return 0;
}

char *driver_file(const char *interface, const char *file)
{
	char *link = xasprintf("/sys/class/net/%s/device", interface);
	char to[256];
	ssize_t len = readlink(link, to, sizeof(to) - 1);
	const char *address = NULL;

	free(link);
	if (len > 0) {
		to[len] = '\0';
		address = strrchr(to, '/');
	}
	return xasprintf("/sys/kernel/debug/e1000_napi/%s/%s",
			 address ? address + 1 : interface, file);
}

int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t put = write(fd, text, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		text += put;
		len -= put;
	}
	return 0;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return fail("%s: %s", path, strerror(errno));
	if (write_all(fd, text, strlen(text)))
		err = errno;
	if (close(fd) && !err)
		err = errno;
	return err ? fail("%s: cannot write \"%s\": %s", path, text, strerror(err)) : 0;
}

const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

int parse_scaled(const char *word, unsigned int unit, uint64_t *value)
{
	uint64_t scale = 1;
	double number;
	char *end;

	/* strtod() would take 0x10 too */
	if (!isdigit((unsigned char)*word) || tolower((unsigned char)word[1]) == 'x')
		return fail("\"%s\" is not a number", word);
	number = strtod(word, &end);
	switch (toupper((unsigned char)*end)) {
	case 'G':
		scale *= unit;
		/* fall through */
	case 'M':
		scale *= unit;
		/* fall through */
	case 'K':
		scale *= unit;
		end++;
		break;
	}
	if (*end || !(number * scale < 1e18))
		return fail("\"%s\" is not a number such as 500K, 100M or 1G", word);
	*value = llround(number * scale);
	return 0;
}

int parse_int(const char *word, int min, int max)
{
	long long value = is_count(word) ? strtoll(word, NULL, 10) : -1;

	if (value < min || value > max)
		return fail("\"%s\" is not a whole number from %d to %d", word, min, max);
	return value;
}

/* Not getaddrinfo(): a static program cannot rely on the resolver's modules. */
int parse_address(const char *text, unsigned int port, struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return sizeof(*v6);
	}
	return fail("\"%s\" is not an IPv4 or IPv6 address", text);
}

void die_with(pid_t parent, int sig)
{
	prctl(PR_SET_PDEATHSIG, sig);
	if (getppid() != parent)
		_exit(EXIT_FAILED);
}

pid_t fork_with(int sig)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		die_with(parent, sig);
	return pid;
}

char *run_program(char *const argv[], int64_t timeout_ns, int *status)
{
	int64_t end = mono_ns() + timeout_ns;
	size_t used = 0, size = 4096;
	char *text = xcalloc(1, size);
	int pipefd[2], left;
	ssize_t got = 1;
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC)) {
		fail("pipe: %s", strerror(errno));
		free(text);
		return NULL;
	}
	pid = fork();
	if (pid == 0) {
		dup2(pipefd[1], STDOUT_FILENO);
		dup2(pipefd[1], STDERR_FILENO);
		execvp(argv[0], argv);
		dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(pipefd[1]);
	while (pid > 0 && got > 0) {
		struct pollfd pfd = { .fd = pipefd[0], .events = POLLIN };

		left = (end - mono_ns()) / 1000000;
		if (left <= 0 || poll(&pfd, 1, left) == 0) {
			kill(pid, SIGKILL);
			break;
		}
		if (used + 1024 > size) {
			size *= 2;
			text = realloc(text, size);
			if (!text)
				die(EXIT_FAILED, "out of memory");
		}
		got = read(pipefd[0], text + used, size - used - 1);
		if (got > 0)
			used += got;
	}
	text[used] = '\0';
	close(pipefd[0]);
	if (pid < 0 || waitpid(pid, status, 0) != pid)
		*status = 127;
	else
		*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
	return text;
}
