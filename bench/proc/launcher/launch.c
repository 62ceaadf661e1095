/*
 * Runs the commands of a launch one after another from a small process: a fork of the harness, with its large heap, costs
 * milliseconds for each.
 *
 * On standard input, each with a NUL after it: of every command the number of its words, a file that its output goes to
 * (empty: it goes to standard error), and its words.
 * On standard output, after each command, in nanoseconds of CLOCK_MONOTONIC:
 *
 *   START END exit CODE · START END signal NUMBER · START END error ERRNO (the program could not be run)
 *
 * The first command that does not end with 0 is the last, and the launcher then ends with 1; with 125 where it failed itself.
 * SIGTERM goes on to the command that runs, and is the end: 143. A harness that has died reads no stamps: nothing follows then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OWN_FAILURE 125
#define MOST_WORDS 256
#define MOST_BYTES 65536

extern char **environ;

static char text[MOST_BYTES];
/* As it was at the start: the commands get it back. */
static sigset_t inherited;
/* SIGCHLD and SIGTERM, which are taken only where the launcher waits: no race between a spawn and a signal. */
static sigset_t awaited;
static bool told_to_end;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void fail(const char *what, int error)
{
	fprintf(stderr, "launch: %s: %s\n", what, strerror(error));
	exit(OWN_FAILURE);
}

/* Reads the whole list before anything runs. */
static size_t read_all(void)
{
	size_t length = 0;
	ssize_t got;

	while ((got = read(0, text + length, sizeof text - length)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			fail("standard input", errno);
		length += (size_t)got;
		if (length == sizeof text)
			fail("standard input", E2BIG);
	}
	if (length > 0 && text[length - 1] != '\0')
		fail("the last word has no end", EINVAL);
	return length;
}

/* Spawns a program. Returns 0, or the error that kept it from running. */
static int spawn(pid_t *pid, char **argv, int input, int output)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_adddup2(&actions, output, 2);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &inherited);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	error = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Waits for the end of a command; SIGTERM goes on to it. */
static int wait_for(pid_t pid)
{
	int status;
	pid_t ended;

	while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
		if (sigwaitinfo(&awaited, NULL) == SIGTERM) {
			told_to_end = true;
			kill(pid, SIGTERM);
		}
	}
	if (ended < 0)
		fail("waitpid", errno);
	return status;
}

static void report(int64_t started_ns, const char *how, int number)
{
	long long ended_ns = now_ns();

	if (dprintf(STDOUT_FILENO, "%lld %lld %s %d\n", (long long)started_ns, ended_ns, how, number) < 0)
		fail("standard output", errno);
}

/* Runs one command to its end and reports it. Returns whether it succeeded. */
static bool run(char **argv, const char *output_file, int null)
{
	int output = STDERR_FILENO;
	int64_t started_ns;
	pid_t pid;
	int error;
	int status;

	if (output_file[0] != '\0') {
		/* Here rather than in the child, whose errors would all look like the program's. */
		output = open(output_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (output < 0)
			fail(output_file, errno);
	}
	started_ns = now_ns();
	error = spawn(&pid, argv, null, output);
	status = error == 0 ? wait_for(pid) : 0;
	if (error != 0)
		report(started_ns, "error", error);
	else if (WIFSIGNALED(status))
		report(started_ns, "signal", WTERMSIG(status));
	else
		report(started_ns, "exit", WEXITSTATUS(status));
	if (output != STDERR_FILENO)
		close(output);
	return error == 0 && status == 0;
}

static bool must_end(void)
{
	sigset_t pending;

	sigpending(&pending);
	return told_to_end || sigismember(&pending, SIGTERM) == 1;
}

/* The word at *at, which is moved on to the next. */
static char *next_word(size_t *at, size_t length)
{
	char *word = text + *at;

	if (*at >= length)
		fail("the last command has no end", EINVAL);
	*at += strlen(word) + 1;
	return word;
}

static size_t word_count(const char *word)
{
	char *end;
	unsigned long count = strtoul(word, &end, 10);

	if (*end != '\0' || count == 0)
		fail("a command without words", EINVAL);
	if (count > MOST_WORDS)
		fail("a command", E2BIG);
	return count;
}

/* Takes one command from *at on; its output goes to a file unless the name is empty. */
static const char *take(char **words, size_t *at, size_t length)
{
	size_t count = word_count(next_word(at, length));
	const char *output_file = next_word(at, length);

	for (size_t word = 0; word < count; word++)
		words[word] = next_word(at, length);
	words[count] = NULL;
	return output_file;
}

int main(void)
{
	char *words[MOST_WORDS + 1];
	size_t length;
	int null;

	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGTERM);
	length = read_all();
	for (size_t at = 0; at < length;)
		take(words, &at, length);
	sigprocmask(SIG_BLOCK, &awaited, &inherited);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0)
		fail("/dev/null", errno);
	for (size_t at = 0; at < length;) {
		const char *output_file = take(words, &at, length);

		if (must_end())
			return 128 + SIGTERM;
		if (!run(words, output_file, null))
			return 1;
	}
	return must_end() ? 128 + SIGTERM : 0;
}
