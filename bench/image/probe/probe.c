/*
 * The entry point of every instance: starts the workload, asks it whether it is ready, and says so to the host.
 *
 *   probe --marks PATH --commands PATH --ready redis:ADDR:PORT|memcached:ADDR:PORT|none -- ARGV...
 *
 * On marks it writes, each as one line:  exec · ready · pong N · exit CODE · exit SIGNAME
 * On commands it reads:                  ping N
 * Both may name one character device (a guest's virtio-serial port), which is then opened once.
 *
 * It ends as the workload ends: with the same code, 128+n for signal n, 127 where the program could not be executed,
 * and 125 where the probe itself failed. SIGTERM, SIGINT and SIGHUP go on to the workload.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OWN_FAILURE 125
#define CANNOT_EXECUTE 127

/* How often the workload is asked. */
#define ASK_EVERY_NS 1000000LL
/* A question without an answer is given up after this, and asked anew. */
#define ANSWER_WITHIN_NS 1000000000LL
/* How long a mark waits for a host that does not read; then it is dropped, since reaping must go on. */
#define MARK_PATIENCE_NS 5000000000LL
/* How long a command channel without a host is left alone, so that it does not keep the loop spinning. */
#define CHANNEL_REST_NS 20000000LL

struct options {
	const char *marks;
	const char *commands;
	const char *question; /* NULL: ready as soon as the workload is executed */
	const char *answer;
	struct sockaddr_in address;
	char **argv;
};

/* One conversation with the workload after another, until the answer is right. */
struct asking {
	int socket; /* -1 between two conversations */
	bool asked;
	int64_t next_ns; /* between conversations: when to start one; in one: when to give it up */
	char got[16];
	size_t got_length;
};

/* What arrived on the command channel and is no full line yet. */
struct commands {
	int fd;
	char line[32];
	size_t length;
	bool too_long;
	int64_t rest_until_ns;
};

static int marks_fd = -1;

static void fail(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("probe: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	_exit(OWN_FAILURE);
}

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Writes one line to the marks. */
static void say(const char *line)
{
	size_t left = strlen(line);
	int64_t give_up_ns = now_ns() + MARK_PATIENCE_NS;

	while (left > 0) {
		ssize_t written = write(marks_fd, line, left);
		if (written > 0) {
			line += written;
			left -= (size_t)written;
		} else if (errno == EAGAIN) {
			/* Sleep, not poll: a port without a host polls as "hung up" at once. */
			struct timespec little = {.tv_nsec = 1000000};
			if (now_ns() >= give_up_ns)
				return;
			nanosleep(&little, NULL);
		} else if (errno != EINTR) {
			return;
		}
	}
}

static int open_channel(const char *path)
{
	/* Read-write: opening a FIFO then never waits for the other end, and never sees its end of file. */
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		fail("cannot open %s: %s", path, strerror(errno));
	return fd;
}

/* NAME:ADDR:PORT */
static void parse_ready(const char *text, struct options *options)
{
	char address[INET_ADDRSTRLEN];
	char *end;
	const char *first = strchr(text, ':');
	const char *last = strrchr(text, ':');

	if (strcmp(text, "none") == 0)
		return;
	if (strncmp(text, "redis:", 6) == 0) {
		options->question = "PING\r\n";
		options->answer = "+PONG";
	} else if (strncmp(text, "memcached:", 10) == 0) {
		options->question = "version\r\n";
		options->answer = "VERSION";
	} else {
		fail("unknown readiness check: %s", text);
	}
	if (first == last || (size_t)(last - first - 1) >= sizeof address)
		fail("not ADDR:PORT: %s", text);
	memcpy(address, first + 1, (size_t)(last - first - 1));
	address[last - first - 1] = '\0';
	long port = strtol(last + 1, &end, 10);
	if (*end != '\0' || port < 1 || port > 65535)
		fail("not a port: %s", last + 1);
	options->address.sin_family = AF_INET;
	options->address.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, address, &options->address.sin_addr) != 1)
		fail("not an IPv4 address: %s", address);
}

static struct options parse_arguments(char **argv)
{
	struct options options = {0};
	const char *ready = NULL;

	for (argv++; *argv != NULL && strcmp(*argv, "--") != 0; argv += 2) {
		if (argv[1] == NULL)
			fail("%s needs a value", *argv);
		if (strcmp(*argv, "--marks") == 0)
			options.marks = argv[1];
		else if (strcmp(*argv, "--commands") == 0)
			options.commands = argv[1];
		else if (strcmp(*argv, "--ready") == 0)
			ready = argv[1];
		else
			fail("unknown option %s", *argv);
	}
	if (*argv == NULL || argv[1] == NULL || options.marks == NULL || options.commands == NULL || ready == NULL)
		fail("usage: probe --marks PATH --commands PATH --ready CHECK -- ARGV...");
	options.argv = argv + 1;
	parse_ready(ready, &options);
	return options;
}

/* Starts the workload with the signal mask that the probe was given. Returns its pid, or -1 with errno of the exec. */
static pid_t launch(char **argv, const sigset_t *mask)
{
	int status[2];
	int error = 0;
	ssize_t got;

	/* The exec closes the pipe; only a failed one writes to it. */
	if (pipe2(status, O_CLOEXEC) < 0)
		fail("pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, mask, NULL);
		execvp(argv[0], argv);
		error = errno;
		if (write(status[1], &error, sizeof error) < 0)
			_exit(CANNOT_EXECUTE);
		_exit(CANNOT_EXECUTE);
	}
	close(status[1]);
	do
		got = read(status[0], &error, sizeof error);
	while (got < 0 && errno == EINTR);
	close(status[0]);
	if (got <= 0)
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	errno = error;
	return -1;
}

static const char *signal_name(int number, char *buffer, size_t size)
{
	static const struct { int number; const char *name; } names[] = {
		{SIGHUP, "SIGHUP"}, {SIGINT, "SIGINT"}, {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"}, {SIGTRAP, "SIGTRAP"},
		{SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGKILL, "SIGKILL"}, {SIGUSR1, "SIGUSR1"},
		{SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"}, {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"},
		{SIGTERM, "SIGTERM"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].number == number)
			return names[i].name;
	snprintf(buffer, size, "SIG%d", number);
	return buffer;
}

/* Says how the workload ended, and ends in the same way. */
static void end_as(int status)
{
	char name[16];
	char line[32];

	if (WIFSIGNALED(status)) {
		snprintf(line, sizeof line, "exit %s\n", signal_name(WTERMSIG(status), name, sizeof name));
		say(line);
		_exit(128 + WTERMSIG(status));
	}
	snprintf(line, sizeof line, "exit %d\n", WEXITSTATUS(status));
	say(line);
	_exit(WEXITSTATUS(status));
}

/* Reaps every child that has ended, the workload's orphans too; does not return once the workload has. */
static void reap(pid_t workload)
{
	int status;
	int workload_status = 0;
	bool ended = false;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == workload) {
			ended = true;
			workload_status = status;
		}
	}
	if (ended)
		end_as(workload_status);
}

static void take_signals(int signals, pid_t workload)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo != SIGCHLD)
			kill(workload, (int)info.ssi_signo);
	reap(workload);
}

static void answer_line(const char *line)
{
	char reply[40];
	size_t digits;

	if (strncmp(line, "ping ", 5) != 0)
		return;
	digits = strspn(line + 5, "0123456789");
	if (digits < 1 || digits > 9 || line[5 + digits] != '\0')
		return;
	snprintf(reply, sizeof reply, "pong %.9s\n", line + 5);
	say(reply);
}

static void take_commands(struct commands *commands)
{
	char chunk[256];
	ssize_t got = read(commands->fd, chunk, sizeof chunk);

	if (got <= 0) {
		commands->rest_until_ns = now_ns() + CHANNEL_REST_NS;
		return;
	}
	for (ssize_t i = 0; i < got; i++) {
		if (chunk[i] == '\n') {
			commands->line[commands->length] = '\0';
			if (!commands->too_long)
				answer_line(commands->line);
			commands->length = 0;
			commands->too_long = false;
		} else if (commands->length + 1 < sizeof commands->line) {
			commands->line[commands->length++] = chunk[i];
		} else {
			commands->too_long = true;
		}
	}
}

static void ask_later(struct asking *asking)
{
	if (asking->socket >= 0)
		close(asking->socket);
	asking->socket = -1;
	asking->next_ns = now_ns() + ASK_EVERY_NS;
}

static void start_asking(struct asking *asking, const struct sockaddr_in *address)
{
	asking->asked = false;
	asking->got_length = 0;
	asking->next_ns = now_ns() + ANSWER_WITHIN_NS;
	asking->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (asking->socket < 0)
		ask_later(asking);
	else if (connect(asking->socket, (const struct sockaddr *)address, sizeof *address) < 0 && errno != EINPROGRESS)
		ask_later(asking);
}

/* Goes on with the conversation after the socket had something to say; true once the answer was right. */
static bool go_on_asking(struct asking *asking, const struct options *options)
{
	size_t wanted = strlen(options->answer);
	ssize_t done;

	if (!asking->asked) {
		/* The question is a few bytes on an empty socket: it is sent whole, or the connection failed. */
		size_t length = strlen(options->question);
		done = send(asking->socket, options->question, length, MSG_NOSIGNAL);
		if (done != (ssize_t)length)
			ask_later(asking);
		asking->asked = true;
		return false;
	}
	done = recv(asking->socket, asking->got + asking->got_length, wanted - asking->got_length, 0);
	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (done > 0)
		asking->got_length += (size_t)done;
	if (done <= 0 || memcmp(asking->got, options->answer, asking->got_length) != 0) {
		/* Closed, or another answer, as Redis gives while it loads. */
		ask_later(asking);
		return false;
	}
	if (asking->got_length < wanted)
		return false;
	close(asking->socket);
	asking->socket = -1;
	return true;
}

/* Watches workload, commands and readiness until the workload ends. */
static void supervise(const struct options *options, struct commands *commands, int signals, pid_t workload)
{
	bool ready = options->question == NULL;
	struct asking asking = {.socket = -1};

	if (ready)
		say("ready\n");
	for (;;) {
		int64_t now = now_ns();
		int64_t wake_ns = INT64_MAX;

		if (!ready && now >= asking.next_ns) {
			if (asking.socket >= 0)
				ask_later(&asking);
			else
				start_asking(&asking, &options->address);
		}
		if (!ready)
			wake_ns = asking.next_ns;
		bool resting = now < commands->rest_until_ns;
		if (resting && commands->rest_until_ns < wake_ns)
			wake_ns = commands->rest_until_ns;

		/* A negative descriptor is skipped by ppoll. */
		struct pollfd watched[3] = {
			{.fd = signals, .events = POLLIN},
			{.fd = resting ? -1 : commands->fd, .events = POLLIN},
			{.fd = ready ? -1 : asking.socket, .events = asking.asked ? POLLIN : POLLOUT},
		};
		int64_t wait_ns = wake_ns - now_ns();
		if (wait_ns < 0)
			wait_ns = 0;
		struct timespec timeout = {.tv_sec = wait_ns / 1000000000LL, .tv_nsec = wait_ns % 1000000000LL};
		if (ppoll(watched, 3, wake_ns == INT64_MAX ? NULL : &timeout, NULL) < 0 && errno != EINTR)
			fail("ppoll: %s", strerror(errno));

		if (watched[2].revents != 0 && go_on_asking(&asking, options)) {
			ready = true;
			say("ready\n");
		}
		if (watched[0].revents != 0)
			take_signals(signals, workload);
		if (watched[1].revents != 0)
			take_commands(commands);
	}
}

int main(int argc, char **argv)
{
	(void)argc;
	struct options options = parse_arguments(argv);

	marks_fd = open_channel(options.marks);
	say("exec\n");
	bool one_device = strcmp(options.marks, options.commands) == 0;
	struct commands commands = {.fd = one_device ? marks_fd : open_channel(options.commands)};

	sigset_t watched, inherited;
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGINT);
	sigaddset(&watched, SIGHUP);
	sigprocmask(SIG_BLOCK, &watched, &inherited);
	int signals = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals < 0)
		fail("signalfd: %s", strerror(errno));
	/* Natively the probe is not PID 1, and orphans of the workload would go elsewhere. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);

	pid_t workload = launch(options.argv, &inherited);
	if (workload < 0) {
		fprintf(stderr, "probe: cannot execute %s: %s\n", options.argv[0], strerror(errno));
		say("exit 127\n");
		return CANNOT_EXECUTE;
	}
	supervise(&options, &commands, signals, workload);
}
