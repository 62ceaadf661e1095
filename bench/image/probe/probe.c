/*
 * The entry point of every instance: starts the workload, asks it whether it is ready, and says so to the host.
 *
 *   probe --marks PATH --commands PATH [--announce NAME] --ready CHECK -- ARGV...
 *   CHECK: redis:ADDR:PORT|memcached:ADDR:PORT|tcp:ADDR:PORT|none
 *
 * On marks it writes, each as one line:  exec · ready · pong N · start N · end N NS · exit CODE · exit SIGNAME
 * On commands it reads:                  ping N
 * Both may name one character device (a guest's virtio-serial port), which is then opened once.
 *
 * It also runs a program beside the workload, whose start and end the supervising probe then announces:
 *
 *   probe --announce NAME --run N -- ARGV...
 *
 * The two talk over the abstract socket tare/NAME, which is the network namespace's own. "start N" is on the marks before
 * the program is forked, "end N NS" before this probe ends; NS are the nanoseconds from right before the fork until the
 * program was waited for. It inherits standard input and output, and dies with the probe that started it.
 *
 * Either ends as its program ends: with the same code, 128+n for signal n, 127 where the program could not be executed,
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
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
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
/* An announcement for which the marks have no room is tried again after this. */
#define RELAY_AGAIN_NS 1000000LL
/* How long a program's probe waits until its announcement was passed on. */
#define ANNOUNCE_WITHIN_MS 5000

#define ANNOUNCE_PREFIX "tare/"
#define PASSED_ON "ok"

struct options {
	const char *marks;
	const char *commands;
	const char *announce; /* NULL: no program announces itself */
	const char *run;      /* NULL: supervise the workload */
	bool asks;            /* false: ready as soon as the workload is executed */
	const char *question; /* NULL: ready as soon as it accepts a connection */
	const char *answer;
	struct sockaddr_in address;
	char **argv;
};

/* What programs announce, on its way to the marks: one at a time, so that nothing inside can make the probe wait. */
struct relay {
	int fd; /* -1: nobody announces anything */
	char line[48];
	bool pending;
	int64_t again_ns;
	struct sockaddr_un from;
	socklen_t from_length;
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
	options->asks = true;
	if (strncmp(text, "tcp:", 4) == 0) {
		/* A connection is answer enough. */
	} else if (strncmp(text, "redis:", 6) == 0) {
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

/* Whether text is nothing but digits, at most that many, and at least one. */
static bool is_number(const char *text, size_t most)
{
	size_t digits = strspn(text, "0123456789");
	return digits >= 1 && digits <= most && text[digits] == '\0';
}

static bool is_complete(const struct options *options, const char *ready)
{
	if (options->run != NULL)
		return options->announce != NULL && options->marks == NULL && options->commands == NULL && ready == NULL;
	return options->marks != NULL && options->commands != NULL && ready != NULL;
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
		else if (strcmp(*argv, "--announce") == 0)
			options.announce = argv[1];
		else if (strcmp(*argv, "--run") == 0)
			options.run = argv[1];
		else
			fail("unknown option %s", *argv);
	}
	if (*argv == NULL || argv[1] == NULL || !is_complete(&options, ready))
		fail("usage: probe --marks PATH --commands PATH [--announce NAME] --ready CHECK -- ARGV...\n"
		     "       probe --announce NAME --run N -- ARGV...");
	if (options.run != NULL && !is_number(options.run, 9))
		fail("not a number of a run: %s", options.run);
	options.argv = argv + 1;
	if (ready != NULL)
		parse_ready(ready, &options);
	return options;
}

/* The abstract address of the socket that programs announce themselves on. */
static socklen_t announce_address(const char *name, struct sockaddr_un *address)
{
	char *path = address->sun_path + 1;
	size_t room = sizeof address->sun_path - 1;
	int length = snprintf(path, room, ANNOUNCE_PREFIX "%s", name);

	if (*name == '\0' || (size_t)length >= room)
		fail("not a name for announcements: %s", name);
	address->sun_family = AF_UNIX;
	address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

static int open_relay(const char *name)
{
	struct sockaddr_un address;
	socklen_t length = announce_address(name, &address);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, length) < 0)
		fail("cannot listen on @" ANNOUNCE_PREFIX "%s: %s", name, strerror(errno));
	return fd;
}

/*
 * Starts a program with this signal mask. Returns its pid, or -1 with errno of the exec.
 * die_with: a signal that it gets when the probe ends first; 0: none.
 */
static pid_t launch(char **argv, const sigset_t *mask, int die_with)
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
		if (die_with != 0)
			prctl(PR_SET_PDEATHSIG, die_with);
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

	if (strncmp(line, "ping ", 5) != 0 || !is_number(line + 5, 9))
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

/* start N · end N NS */
static bool is_announcement(const char *text)
{
	char number[16];
	const char *space;

	if (strncmp(text, "start ", 6) == 0)
		return is_number(text + 6, 9);
	if (strncmp(text, "end ", 4) != 0)
		return false;
	space = strchr(text + 4, ' ');
	if (space == NULL || (size_t)(space - text - 4) >= sizeof number)
		return false;
	memcpy(number, text + 4, (size_t)(space - text - 4));
	number[space - text - 4] = '\0';
	return is_number(number, 9) && is_number(space + 1, 18);
}

/* Takes the next announcement; whatever is none is dropped. */
static void take_announcement(struct relay *relay)
{
	char text[sizeof relay->line - 1];

	relay->from_length = sizeof relay->from;
	ssize_t got = recvfrom(relay->fd, text, sizeof text - 1, 0, (struct sockaddr *)&relay->from, &relay->from_length);
	if (got <= 0)
		return;
	text[got] = '\0';
	if (strlen(text) != (size_t)got || !is_announcement(text))
		return;
	snprintf(relay->line, sizeof relay->line, "%s\n", text);
	relay->pending = true;
}

/* Tries to pass a pending announcement on. So short a line is written whole or not at all. */
static void pass_on(struct relay *relay)
{
	ssize_t written = write(marks_fd, relay->line, strlen(relay->line));

	if (written < 0 && (errno == EAGAIN || errno == EINTR)) {
		relay->again_ns = now_ns() + RELAY_AGAIN_NS;
		return;
	}
	relay->pending = false;
	if (written > 0)
		sendto(relay->fd, PASSED_ON, strlen(PASSED_ON), MSG_DONTWAIT | MSG_NOSIGNAL,
		       (const struct sockaddr *)&relay->from, relay->from_length);
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

/* Whether the other end accepted the connection. */
static bool is_connected(int socket)
{
	struct sockaddr_in own, other;
	socklen_t own_length = sizeof own, other_length = sizeof other, error_length = sizeof(int);
	int error = 0;

	if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &error_length) < 0 || error != 0)
		return false;
	if (getsockname(socket, (struct sockaddr *)&own, &own_length) < 0)
		return false;
	if (getpeername(socket, (struct sockaddr *)&other, &other_length) < 0)
		return false;
	/* Nobody listens there, and the kernel chose the very same port for our end: it is connected with itself. */
	return own.sin_port != other.sin_port || own.sin_addr.s_addr != other.sin_addr.s_addr;
}

/* Goes on with the conversation after the socket had something to say; true once the answer was right. */
static bool go_on_asking(struct asking *asking, const struct options *options)
{
	ssize_t done;

	if (options->question == NULL) {
		bool accepted = is_connected(asking->socket);
		ask_later(asking);
		return accepted;
	}
	size_t wanted = strlen(options->answer);

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

static void wake_by(int64_t *wake_ns, int64_t at_ns)
{
	if (at_ns < *wake_ns)
		*wake_ns = at_ns;
}

/* Watches workload, commands, announcements and readiness until the workload ends. */
static void supervise(const struct options *options, struct commands *commands, struct relay *relay, int signals,
		      pid_t workload)
{
	bool ready = !options->asks;
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
			wake_by(&wake_ns, asking.next_ns);
		bool resting = now < commands->rest_until_ns;
		if (resting)
			wake_by(&wake_ns, commands->rest_until_ns);
		if (relay->pending)
			wake_by(&wake_ns, relay->again_ns);

		/* A negative descriptor is skipped by ppoll. */
		struct pollfd watched[4] = {
			{.fd = signals, .events = POLLIN},
			{.fd = resting ? -1 : commands->fd, .events = POLLIN},
			{.fd = ready ? -1 : asking.socket, .events = asking.asked ? POLLIN : POLLOUT},
			{.fd = relay->pending ? -1 : relay->fd, .events = POLLIN},
		};
		int64_t wait_ns = wake_ns - now_ns();
		if (wait_ns < 0)
			wait_ns = 0;
		struct timespec timeout = {.tv_sec = wait_ns / 1000000000LL, .tv_nsec = wait_ns % 1000000000LL};
		if (ppoll(watched, 4, wake_ns == INT64_MAX ? NULL : &timeout, NULL) < 0 && errno != EINTR)
			fail("ppoll: %s", strerror(errno));

		/* First: who announces waits for it, and its stamp is of the moment when it arrives on the host. */
		if (watched[3].revents != 0)
			take_announcement(relay);
		if (relay->pending)
			pass_on(relay);
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

/* Announces something of a run, and waits until it was passed on. */
static void announce(int fd, const char *format, ...)
{
	char text[48], reply[8];
	struct pollfd answered = {.fd = fd, .events = POLLIN};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		fail("cannot announce \"%s\": %s", text, strerror(errno));
	if (poll(&answered, 1, ANNOUNCE_WITHIN_MS) != 1 || recv(fd, reply, sizeof reply, 0) <= 0)
		fail("\"%s\" was not passed on within %d ms", text, ANNOUNCE_WITHIN_MS);
}

static int open_announcer(const char *name)
{
	struct sockaddr_un address;
	struct timeval patience = {.tv_sec = ANNOUNCE_WITHIN_MS / 1000};
	/* For the answer to come to. Not every kernel gives a socket a name of its own accord: gVisor does not. */
	char own_name[sizeof address.sun_path];
	struct sockaddr_un own;
	socklen_t length = announce_address(name, &address);
	snprintf(own_name, sizeof own_name, "%s/%ld", name, (long)getpid());
	socklen_t own_length = announce_address(own_name, &own);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&own, own_length) < 0)
		fail("cannot announce: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&address, length) < 0)
		fail("nobody listens on @" ANNOUNCE_PREFIX "%s: %s", name, strerror(errno));
	return fd;
}

/* Runs a program to its end between two announcements; ends as it ends. */
static int run_announced(const struct options *options)
{
	int fd = open_announcer(options->announce);
	int status;
	sigset_t inherited;

	sigprocmask(SIG_SETMASK, NULL, &inherited);
	/* Where children are ignored there is nothing to wait for. */
	signal(SIGCHLD, SIG_DFL);
	announce(fd, "start %s", options->run);
	int64_t started_ns = now_ns();
	pid_t program = launch(options->argv, &inherited, SIGKILL);
	if (program < 0) {
		fprintf(stderr, "probe: cannot execute %s: %s\n", options->argv[0], strerror(errno));
		return CANNOT_EXECUTE;
	}
	while (waitpid(program, &status, 0) < 0)
		if (errno != EINTR)
			fail("waitpid: %s", strerror(errno));
	announce(fd, "end %s %lld", options->run, (long long)(now_ns() - started_ns));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	(void)argc;
	struct options options = parse_arguments(argv);

	if (options.run != NULL)
		return run_announced(&options);
	marks_fd = open_channel(options.marks);
	say("exec\n");
	bool one_device = strcmp(options.marks, options.commands) == 0;
	struct commands commands = {.fd = one_device ? marks_fd : open_channel(options.commands)};
	struct relay relay = {.fd = options.announce == NULL ? -1 : open_relay(options.announce)};

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

	pid_t workload = launch(options.argv, &inherited, 0);
	if (workload < 0) {
		fprintf(stderr, "probe: cannot execute %s: %s\n", options.argv[0], strerror(errno));
		say("exit 127\n");
		return CANNOT_EXECUTE;
	}
	supervise(&options, &commands, &relay, signals, workload);
}
