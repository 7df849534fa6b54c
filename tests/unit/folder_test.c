// SPDX-License-Identifier: GPL-2.0
/* Root's writes in another's folder: no link, FIFO or hard link leads them elsewhere. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#undef fail /* of cmocka; ours keeps a reason */

#include "folder.h"
#include "tunefolder.h"

static char top[] = "/tmp/folder_test.XXXXXX", path[256];

static const char *in(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static void victim_is(const char *text)
{
	char *now = read_file(in("victim"));

	assert_non_null(now);
	assert_string_equal(now, text);
	free(now);
}

static int begin(void **state)
{
	int fd;

	(void)state;
	strcpy(strrchr(top, '.'), ".XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(mkdir(in("dir"), 0755), 0);
	fd = open(in("victim"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "secret\n", 7), 7);
	close(fd);
	return 0;
}

static int end(void **state)
{
	int fd = folder_dir(top, false);

	(void)state;
	assert_int_equal(folder_empty(fd), 0);
	close(fd);
	return rmdir(top);
}

/* plant a link, a FIFO, a hard link and a folder at dir/NAME, one after the other */
static const char *const plants[] = { "link", "nowhere", "fifo", "hard", "folder" };

static void plant(const char *kind, const char *name)
{
	char at[256], victim[256];

	snprintf(at, sizeof(at), "%s/dir/%s", top, name);
	snprintf(victim, sizeof(victim), "%s/victim", top);
	if (!strcmp(kind, "link"))
		assert_int_equal(symlink("../victim", at), 0);
	else if (!strcmp(kind, "nowhere"))
		assert_int_equal(symlink("../made", at), 0);
	else if (!strcmp(kind, "fifo"))
		assert_int_equal(mkfifo(at, 0666), 0);
	else if (!strcmp(kind, "hard"))
		assert_int_equal(link(victim, at), 0);
	else
		assert_int_equal(mkdir(at, 0755), 0);
}

static void put_is_refused(void **state)
{
	int dir = folder_dir(in("dir"), false);
	size_t i;

	(void)state;
	assert_true(dir >= 0);
	for (i = 0; i < ARRAY_SIZE(plants); i++) {
		plant(plants[i], "tune");
		assert_int_equal(folder_put(dir, "tune", "evil\n", 5), -1);
		assert_int_equal(folder_open_at(dir, "tune", O_WRONLY | O_CREAT | O_APPEND, "tune"), -1);
		victim_is("secret\n");
		assert_int_equal(access(in("made"), F_OK), -1);
		assert_int_equal(folder_empty(dir), 0);
		/* the temporary name is ours: what lies there is in the way, and goes */
		plant(plants[i], "tune.new");
		assert_int_equal(folder_put(dir, "tune", "good\n", 5), strcmp(plants[i], "folder") ? 0 : -1);
		victim_is("secret\n");
		assert_int_equal(folder_empty(dir), 0);
	}
	close(dir);
}

static void folders_on_the_way(void **state)
{
	int dir = folder_dir(in("dir"), false);
	struct stat st;

	(void)state;
	assert_int_equal(folder_put(dir, "keep/etc/x", "1", 1), 0);
	assert_int_equal(stat(in("dir/keep/etc/x"), &st), 0);
	assert_int_equal(mkdir(in("other"), 0755), 0);
	assert_int_equal(symlink("../other", in("dir/weight")), 0);
	assert_int_equal(folder_put(dir, "weight/x", "1", 1), -1);
	assert_non_null(strstr(failure(), "symbolic link"));
	assert_int_equal(folder_below(dir, "weight", true), -1);
	assert_int_equal(folder_below(dir, "weight/1", true), -1);
	assert_int_equal(folder_put(dir, "../x", "1", 1), -1);
	assert_int_equal(folder_put(dir, "keep/../../x", "1", 1), -1);
	assert_int_equal(folder_put(dir, "/x", "1", 1), -1);
	assert_int_equal(folder_put(dir, "keep/", "1", 1), -1);
	assert_int_equal(folder_put(dir, "..", "1", 1), -1);
	assert_int_equal(access(in("x"), F_OK), -1);
	assert_int_equal(rmdir(in("other")), 0);
	/* emptying follows nothing either */
	assert_int_equal(symlink("../victim", in("dir/keep/etc/l")), 0);
	assert_int_equal(folder_empty(dir), 0);
	victim_is("secret\n");
	assert_int_equal(symlink("dir", in("alias")), 0);
	assert_int_equal(folder_dir(in("alias"), false), -1);
	assert_non_null(strstr(failure(), "symbolic link"));
	assert_int_equal(folder_dir(in("alias/"), true), -1);
	close(dir);
	/* missing parents are made; a file in the way is named */
	dir = folder_dir(in("a/b/c"), true);
	assert_true(dir >= 0);
	close(dir);
	assert_int_equal(folder_dir(in("victim/c"), true), -1);
	assert_non_null(strstr(failure(), "victim is not a folder"));
}

/* In another user's folder, where everybody may have put it, not even a folder is made. */
static void nothing_made_there(void **state)
{
	static const char *const below[] = { "dir/new", "dir/new/two/", "dir/link/new" };
	size_t i;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chmod(top, 01777), 0);
	assert_int_equal(mkdir(in("other"), 0755), 0);
	assert_int_equal(symlink("../other", in("dir/link")), 0);
	assert_int_equal(chown(in("dir"), 12345, 12346), 0);
	for (i = 0; i < ARRAY_SIZE(below); i++) {
		assert_int_equal(folder_dir(in(below[i]), true), -1);
		assert_non_null(strstr(failure(), "another user (12345)"));
		assert_int_equal(access(path, F_OK), -1);
	}
	/* beside it, and in the caller's */
	assert_int_equal(close(folder_dir(in("new/two"), true)), 0);
	setenv("SUDO_UID", "12345", 1);
	assert_int_equal(close(folder_dir(in("dir/new"), true)), 0);
	unsetenv("SUDO_UID");
	assert_int_equal(chmod(top, 0755), 0);
}

/* root's files in a user's folder are the user's; no other user's are given away */
static void given_to_the_owner(void **state)
{
	struct stat st;
	int dir;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chown(in("dir"), 12345, 12346), 0);
	/* in /tmp, a folder of another user is refused, unless that user called sudo */
	assert_int_equal(chmod(top, 0755), 0);
	dir = folder_dir(in("dir"), false);
	assert_true(dir >= 0);
	assert_int_equal(folder_put(dir, "keep/etc/x", "1", 1), 0);
	assert_int_equal(stat(in("dir/keep/etc/x"), &st), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(st.st_gid, 12346);
	assert_int_equal(stat(in("dir/keep"), &st), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(link(in("victim"), "/tmp/folder_test.hard"), 0);
	assert_int_equal(rename("/tmp/folder_test.hard", in("dir/log")), 0);
	assert_int_equal(folder_open_at(dir, "log", O_WRONLY | O_CREAT | O_APPEND, "log"), -1);
	assert_int_equal(stat(in("victim"), &st), 0);
	assert_int_equal(st.st_uid, 0);
	close(dir);
}

/* The tuner's own files: every one is refused where a link is in its place. */
static void tune_files(void **state)
{
	static const char *const no_took[] = { "a[$(id)] yes\n", "-1 yes\n", "1e9 yes\n", "9999999999 yes\n",
					       "1 maybe\n", "1", "" };
	char *words[] = { "interface=eth0", "try=weight/64/16", "seed=3" };
	int dir = folder_dir(in("dir"), false);
	unsigned int pairs = 4;
	struct tune_result r;
	struct tune t;
	char said[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(plants); i++) {
		plant(plants[i], "tune");
		assert_int_equal(tune_begin(&t, dir, "dir", words, 3), -1);
		assert_int_equal(tune_load(&t, dir), -1);
		victim_is("secret\n");
		assert_int_equal(folder_empty(dir), 0);
		assert_int_equal(tune_begin(&t, dir, "dir", words, 3), 0);
		assert_int_equal(mkdir(in("dir/0"), 0755), 0);
		plant(plants[i], "0/rate.took");
		assert_int_equal(tune_look(dir, &t, "0", &r), -1);
		assert_int_equal(tune_took(dir, "0", true, 1, false, "no answer"), -1);
		assert_int_equal(mkdir(in("dir/confirm"), 0755), 0);
		plant(plants[i], "confirm/pairs");
		assert_int_equal(tune_fix_pairs(dir, &pairs), -1);
		plant(plants[i], "log");
		tune_said(dir, said, sizeof(said));
		assert_string_equal(said, "see log");
		victim_is("secret\n");
		assert_int_equal(folder_empty(dir), 0);
	}
	for (i = 0; i < ARRAY_SIZE(no_took); i++) {
		assert_int_equal(folder_put(dir, "0/rate.took", no_took[i], strlen(no_took[i])), 0);
		assert_int_equal(tune_look(dir, &t, "0", &r), -1);
		assert_non_null(strstr(failure(), "the file was edited"));
	}
	assert_int_equal(folder_empty(dir), 0);
	assert_int_equal(chmod(in("dir"), 0777), 0);
	assert_int_equal(folder_dir(in("dir"), false), -1);
	assert_non_null(strstr(failure(), "everybody may write there"));
	assert_int_equal(chmod(in("dir"), 0755), 0);
	/* and otherwise it is as it was written */
	assert_int_equal(tune_begin(&t, dir, "dir", words, 3), 0);
	words[1] = "try=weight/64/17";
	assert_int_equal(tune_begin(&t, dir, "dir", words, 3), -1);
	assert_non_null(strstr(failure(), "another search"));
	assert_int_equal(tune_took(dir, "0", true, 12, false, "no answer"), 0);
	assert_int_equal(tune_look(dir, &t, "0", &r), 0);
	assert_int_equal(r.state, TUNE_NOT_POSSIBLE);
	assert_string_equal(r.why, "no answer");
	assert_true(r.seconds == 12);
	assert_int_equal(tune_forget(dir, "0"), 0);
	assert_int_equal(tune_look(dir, &t, "0", &r), 0);
	assert_int_equal(r.state, TUNE_RATE);
	assert_int_equal(tune_fix_pairs(dir, &pairs), 0);
	pairs = 9;
	assert_int_equal(tune_fix_pairs(dir, &pairs), 0);
	assert_int_equal(pairs, 4);
	close(dir);
	intern_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(put_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(folders_on_the_way, begin, end),
		cmocka_unit_test_setup_teardown(nothing_made_there, begin, end),
		cmocka_unit_test_setup_teardown(given_to_the_owner, begin, end),
		cmocka_unit_test_setup_teardown(tune_files, begin, end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
