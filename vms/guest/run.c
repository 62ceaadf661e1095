/*
 * Runs one program for the guest agent, bounded, since the agent itself can neither end a program nor limit its output:
 *
 *   run MAX_BYTES TIMEOUT_MS PROGRAM ARGUMENTS...
 *
 * Its output is the program's, up to MAX_BYTES of each stream. It ends with the program's exit code, 128+n for signal n.
 * What the program itself cannot bring about is said by dying of a signal: SIGALRM past the deadline, SIGXFSZ for more
 * output than allowed, SIGUSR1 when it could not be executed. The program and its group are killed in the first two cases.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OWN_FAILURE 125

/* From the program to our own stdout or stderr. */
struct stream {
	int from;
	int to;
	size_t left;
};

static pid_t group = 0;

static void die(int signal)
{
	sigset_t one;
	if (group > 0)
		kill(-group, SIGKILL);
	sigemptyset(&one);
	sigaddset(&one, signal);
	raise(signal);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	_exit(OWN_FAILURE);
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);
		if (written < 0 && errno != EINTR)
			_exit(OWN_FAILURE);
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
}

/* Passes on what is there; closes the stream at its end. */
static void pass_on(struct stream *stream)
{
	char bytes[16384];
	ssize_t got;
	while (stream->from >= 0 && (got = read(stream->from, bytes, sizeof bytes)) != 0) {
		if (got < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if ((size_t)got > stream->left)
			die(SIGXFSZ);
		stream->left -= (size_t)got;
		write_all(stream->to, bytes, (size_t)got);
	}
	if (stream->from >= 0)
		close(stream->from);
	stream->from = -1;
}

static struct stream make_stream(int to, size_t limit, int *inside)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		_exit(OWN_FAILURE);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*inside = ends[1];
	return (struct stream){.from = ends[0], .to = to, .left = limit};
}

/* Starts the program; the pipe that closes on exec tells whether that went well. */
static pid_t launch(char **argv, int out, int err, const sigset_t *inherited)
{
	int failed[2];
	char byte = 0;
	if (pipe2(failed, O_CLOEXEC) < 0)
		_exit(OWN_FAILURE);
	pid_t child = fork();
	if (child < 0)
		die(SIGUSR1);
	if (child == 0) {
		setsid();
		sigprocmask(SIG_SETMASK, inherited, NULL);
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		execvp(argv[0], argv);
		write_all(failed[1], &byte, 1);
		_exit(127);
	}
	close(failed[1]);
	close(out);
	close(err);
	if (read(failed[0], &byte, 1) == 1)
		die(SIGUSR1);
	close(failed[0]);
	return child;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return OWN_FAILURE;
	size_t limit = strtoul(argv[1], NULL, 10);
	int64_t deadline = now_ms() + strtol(argv[2], NULL, 10);

	sigset_t watched, inherited;
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &watched, &inherited);
	int signals = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals < 0)
		return OWN_FAILURE;

	int inside_out, inside_err;
	struct stream out = make_stream(STDOUT_FILENO, limit, &inside_out);
	struct stream err = make_stream(STDERR_FILENO, limit, &inside_err);
	group = launch(argv + 3, inside_out, inside_err, &inherited);

	for (;;) {
		struct pollfd fds[3] = {
			{.fd = signals, .events = POLLIN},
			{.fd = out.from, .events = POLLIN},
			{.fd = err.from, .events = POLLIN},
		};
		int64_t left = deadline - now_ms();
		if (left <= 0)
			die(SIGALRM);
		poll(fds, 3, left > INT32_MAX ? INT32_MAX : (int)left);
		pass_on(&out);
		pass_on(&err);
		int status;
		if (waitpid(group, &status, WNOHANG) != group)
			continue;
		/* What it wrote last; children that live on may hold the pipes open, so its end is not waited for. */
		pass_on(&out);
		pass_on(&err);
		return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}
