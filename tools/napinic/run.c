// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "util.h"

extern char **environ;

#define MAX_ARGS 256

/* Content of a pipe, until its other end closes. */
struct stream {
	char *text;
	size_t size;
	int fd;
};

/* false at its end */
static bool take(struct stream *s)
{
	char chunk[4096];
	ssize_t got = read(s->fd, chunk, sizeof(chunk));

	if (got < 0 && errno == EINTR)
		return true;
	if (got <= 0)
		return false;
	s->text = realloc(s->text, s->size + got + 1);
	if (!s->text)
		exit(1);
	memcpy(s->text + s->size, chunk, got);
	s->size += got;
	s->text[s->size] = '\0';
	return true;
}

static void take_all(struct stream *streams, size_t count)
{
	struct pollfd polls[2];
	size_t open_ones = count, i;

	for (i = 0; i < count; i++)
		polls[i] = (struct pollfd){ .fd = streams[i].fd, .events = POLLIN };
	while (open_ones) {
		if (poll(polls, count, -1) < 0 && errno != EINTR)
			return;
		for (i = 0; i < count; i++)
			if (polls[i].revents && !take(&streams[i])) {
				/* poll ignores a negative one */
				polls[i].fd = -1;
				polls[i].revents = 0;
				open_ones--;
			}
	}
}

static char **c_locale(void)
{
	static char **list;
	size_t count, i, n = 0;

	if (list)
		return list;
	for (count = 0; environ[count]; count++)
		;
	list = xalloc((count + 2) * sizeof(*list));
	for (i = 0; i < count; i++)
		if (strncmp(environ[i], "LC_ALL=", 7))
			list[n++] = environ[i];
	list[n] = "LC_ALL=C";
	return list;
}

int run(const char *const argv[], char **out, char **err)
{
	struct stream streams[2] = { 0 };
	posix_spawn_file_actions_t actions;
	size_t i, count = err ? 2 : 1;
	int pipes[2][2], status, error;
	pid_t pid;

	*out = NULL;
	posix_spawn_file_actions_init(&actions);
	for (i = 0; i < count; i++) {
		if (pipe2(pipes[i], O_CLOEXEC)) {
			message("pipe: %s", strerror(errno));
			exit(1);
		}
		streams[i].fd = pipes[i][0];
		streams[i].text = xasprintf("%s", "");
		posix_spawn_file_actions_adddup2(&actions, pipes[i][1], STDOUT_FILENO + i);
	}
	if (!err)
		posix_spawn_file_actions_adddup2(&actions, pipes[0][1], STDERR_FILENO);
	error = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, c_locale());
	posix_spawn_file_actions_destroy(&actions);
	for (i = 0; i < count; i++)
		close(pipes[i][1]);
	if (!error)
		take_all(streams, count);
	for (i = 0; i < count; i++)
		close(pipes[i][0]);
	*out = streams[0].text;
	if (err)
		*err = streams[1].text;
	if (error) {
		free(*out);
		*out = xasprintf("%s: %s", argv[0], strerror(error));
		return 127;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool is_iproute2(const char *path)
{
	const char *const argv[] = { path, "-V", NULL };
	char *out;
	bool yes;

	if (access(path, X_OK))
		return false;
	run(argv, &out, NULL);
	yes = strstr(out, "iproute2");
	free(out);
	return yes;
}

/* The path of iproute2's ip, also where /usr/sbin is not in PATH; NULL if there is none. */
static const char *find_ip(void)
{
	static char *found;
	const char *path = getenv("PATH");
	char *dirs, *dir, *rest;

	if (found)
		return found;
	dirs = xasprintf("%s:/usr/sbin:/sbin:/usr/bin:/bin", path ? path : "");
	for (rest = dirs; (dir = strsep(&rest, ":"));) {
		char *ip = xasprintf("%s/ip", dir);

		if (*dir == '/' && is_iproute2(ip)) {
			found = ip;
			break;
		}
		free(ip);
	}
	free(dirs);
	if (!found)
		fail("ip is missing; on Debian: apt-get install iproute2");
	return found;
}

static int ip(char **out, char **err, const char *const options[], const char *const args[])
{
	const char *argv[MAX_ARGS + 1];
	size_t n = 0, i;

	argv[n++] = find_ip();
	if (!argv[0])
		return -1;
	for (i = 0; options && options[i]; i++)
		argv[n++] = options[i];
	for (i = 0; args[i]; i++) {
		if (n == MAX_ARGS)
			return fail("too many arguments for ip %s", args[0]);
		argv[n++] = args[i];
	}
	argv[n] = NULL;
	return run(argv, out, err);
}

int run_ip(char **out, const char *const args[])
{
	int status;

	*out = NULL;
	status = ip(out, NULL, NULL, args);
	if (!status)
		return 0;
	if (*out)
		(*out)[strcspn(*out, "\n")] = '\0';
	return -1;
}

/* what: the program and its first argument; frees the texts */
static json_t *json_of(const char *what, int status, char *out, char *err)
{
	json_error_t error;
	json_t *said = NULL;

	if (status) {
		fail("%s: %s", what, err && *err ? err : out ? out : "failed");
	} else if (!out[strspn(out, " \n")]) {
		/* nothing to tell, in some versions: `ip -json route` where IPv6 is off */
		said = json_array();
	} else {
		said = json_loads(out, 0, &error);
		if (!said)
			fail("%s: not JSON (%s); is it too old?", what, error.text);
	}
	free(out);
	free(err);
	return said;
}

json_t *program_json(const char *const argv[])
{
	char *out = NULL, *err = NULL;
	int status = run(argv, &out, &err);

	return json_of(argv[0], status, out, err);
}

json_t *ip_json(const char *const args[])
{
	static const char *const options[] = { "-json", "-details", NULL };
	char *out = NULL, *err = NULL;
	int status = ip(&out, &err, options, args);

	return json_of("ip", status, out, err);
}
