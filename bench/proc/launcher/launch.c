/*
 * Runs the commands of a launch one after another from a small process: a fork of the harness, with its large heap, costs
 * milliseconds for each.
 *
 * On standard input: every word of every command with a NUL after it; an empty word ends a command. A first word ">PATH"
 * sends that command's output to a file; otherwise it goes to standard error.
 * On standard output, after each command: START END CODE, nanoseconds of CLOCK_MONOTONIC; CODE is 128+n for signal n,
 * and -1 where the program could not be run. The first command that does not end with 0 is the last.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_WORDS 256
#define MOST_BYTES 65536

extern char **environ;

static char text[MOST_BYTES];

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "launch: %s: %s\n", what, strerror(errno));
	exit(125);
}

static size_t read_all(void)
{
	size_t length = 0;
	ssize_t got;

	while ((got = read(0, text + length, sizeof text - length)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			fail("standard input");
		length += (size_t)got;
		if (length == sizeof text) {
			errno = E2BIG;
			fail("standard input");
		}
	}
	return length;
}

/* Runs one command to its end. Returns its code as it is reported. */
static int run(char **argv)
{
	const char *output = NULL;
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status;

	if (argv[0] != NULL && argv[0][0] == '>')
		output = *argv++ + 1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (output != NULL) {
		posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0644);
		posix_spawn_file_actions_adddup2(&actions, 1, 2);
	} else {
		posix_spawn_file_actions_adddup2(&actions, 2, 1);
	}
	errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (errno != 0) {
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(void)
{
	char *words[MOST_WORDS + 1];
	size_t count = 0;
	size_t length = read_all();

	for (size_t at = 0; at < length; at += strlen(text + at) + 1) {
		if (text[at] != '\0') {
			if (count == MOST_WORDS) {
				errno = E2BIG;
				fail("a command");
			}
			words[count++] = text + at;
			continue;
		}
		words[count] = NULL;
		count = 0;
		int64_t started_ns = now_ns();
		int code = run(words);
		printf("%lld %lld %d\n", (long long)started_ns, (long long)now_ns(), code);
		fflush(stdout);
		if (code != 0)
			return 1;
	}
	return 0;
}
