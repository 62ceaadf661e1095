/*
 * /init of a directly booted guest: the least that stands between the kernel and the workload.
 *
 * Its first act is the line "tare: init" on the console. Then: modules in the order of /modules.list, the root file
 * system from /dev/vda, the network from the kernel command line (tare.ip=ADDR/BITS), the new root, and there
 * the probe with the workload, and qemu's guest agent. It reaps, passes the power button on to the workload as SIGTERM, and
 * powers off when the workload has ended. Whatever fails is said in one line on the console, and the guest powers off.
 *
 * From the initial file tree:  /modules.list  one path a line
 *                              /entry         the probe's arguments after those about its channels, each ended by NUL
 *                              /run           the helper for commands, see run.c; copied to /dev/tare-run
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEW_ROOT "/root"
#define PROBE "/tare/probe"
#define AGENT "/usr/sbin/qemu-ga"
#define RUN_HELPER "/dev/tare-run"
#define MARKS_PORT "tare.marks"
#define OUTPUT_PORT "tare.output"
#define AGENT_PORT "org.qemu.guest_agent.0"
/* INSIDE.announce of the harness. */
#define ANNOUNCE "tare"

/* How long a device may take to appear after its driver was loaded. */
#define DEVICE_PATIENCE_MS 20000
#define MAX_BUTTONS 4
#define MAX_ARGUMENTS 256

/* From the kernel's <linux/input.h>, which musl's headers lack. */
struct input_event {
	struct timeval time;
	uint16_t type;
	uint16_t code;
	int32_t value;
};
#define EV_KEY 0x01
#define KEY_POWER 116

static char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root",
	NULL,
};

static void say(const char *format, ...)
{
	char line[512];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(line, sizeof line - 1, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	if ((size_t)length > sizeof line - 2)
		length = sizeof line - 2;
	line[length++] = '\n';
	/* One write, so that the kernel's own messages come before or after, not between. */
	ssize_t ignored = write(STDOUT_FILENO, line, (size_t)length);
	(void)ignored;
}

static void power_off(void)
{
	kill(-1, SIGKILL);
	sync();
	mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void fail(const char *what, const char *which)
{
	say("tare: %s %s: %s", what, which, strerror(errno));
	power_off();
}

static void sleep_ms(long ms)
{
	struct timespec pause_for = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	nanosleep(&pause_for, NULL);
}

/* Whole contents, with a NUL after them; fails when there is no such file. */
static char *read_file(const char *path, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("cannot open", path);
	size_t size = 0, room = 4096;
	char *text = malloc(room + 1);
	for (ssize_t got; (got = read(fd, text + size, room - size)) > 0;) {
		size += (size_t)got;
		if (size == room)
			text = realloc(text, (room *= 2) + 1);
	}
	close(fd);
	text[size] = '\0';
	if (length)
		*length = size;
	return text;
}

static void mount_or_fail(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	mkdir(target, 0755);
	if (mount(source, target, type, flags, data) < 0)
		fail("cannot mount", target);
}

static void load_modules(void)
{
	char *list = read_file("/modules.list", NULL);
	for (char *path = strtok(list, "\n"); path; path = strtok(NULL, "\n")) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail("cannot open", path);
		if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
			fail("cannot load", path);
		close(fd);
	}
	free(list);
}

static void wait_for(const char *path)
{
	for (int waited = 0; access(path, F_OK) < 0; waited++) {
		if (waited >= DEVICE_PATIENCE_MS)
			fail("no such device:", path);
		sleep_ms(1);
	}
}

/* The value of NAME=VALUE on the kernel command line, or NULL. */
static char *boot_option(const char *name)
{
	char *line = read_file("/proc/cmdline", NULL);
	size_t length = strlen(name);
	for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
		if (strncmp(word, name, length) == 0 && word[length] == '=')
			return word + length + 1;
	free(line);
	return NULL;
}

static void set_interface(int fd, const char *name, const char *address, int bits)
{
	struct ifreq request = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (address) {
		in->sin_family = AF_INET;
		if (bits < 1 || bits > 32 || inet_pton(AF_INET, address, &in->sin_addr) != 1) {
			errno = EINVAL;
			fail("bad address", address);
		}
		if (ioctl(fd, SIOCSIFADDR, &request) < 0)
			fail("cannot set the address of", name);
		in->sin_addr.s_addr = htonl(0xffffffffu << (32 - bits));
		if (ioctl(fd, SIOCSIFNETMASK, &request) < 0)
			fail("cannot set the netmask of", name);
	}
	memset(&request.ifr_ifru, 0, sizeof request.ifr_ifru);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		fail("cannot bring up", name);
}

static void set_network(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail("cannot open", "a socket");
	set_interface(fd, "lo", NULL, 0);
	char *address = boot_option("tare.ip");
	if (address) {
		char *slash = strchr(address, '/');
		if (slash)
			*slash = '\0';
		wait_for("/sys/class/net/eth0");
		set_interface(fd, "eth0", address, slash ? atoi(slash + 1) : 24);
	}
	close(fd);
}

/* Frees the memory of the initial file tree; stays on its file system. */
static void empty_folder(int folder, dev_t device)
{
	DIR *entries = fdopendir(folder);
	if (!entries)
		return;
	for (struct dirent *entry; (entry = readdir(entries));) {
		struct stat status;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 || status.st_dev != device)
			continue;
		if (S_ISDIR(status.st_mode)) {
			int inner = openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (inner >= 0)
				empty_folder(inner, device);
			unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
		} else {
			unlinkat(dirfd(entries), entry->d_name, 0);
		}
	}
	closedir(entries);
}

static void keep_run_helper(void)
{
	struct stat status;
	int from = open("/run", O_RDONLY | O_CLOEXEC);
	int to = open(RUN_HELPER, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (from < 0 || to < 0 || fstat(from, &status) < 0 || sendfile(to, from, NULL, (size_t)status.st_size) != status.st_size)
		fail("cannot copy", "the helper for commands");
	close(from);
	close(to);
}

static void switch_root(void)
{
	static const char *const moved[] = {"/proc", "/sys", "/dev"};
	char target[64];
	struct stat status;

	for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
		snprintf(target, sizeof target, NEW_ROOT "%s", moved[i]);
		if (mount(moved[i], target, NULL, MS_MOVE, NULL) < 0)
			fail("cannot move a mount to", target);
	}
	int old = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (old < 0 || fstat(old, &status) < 0)
		fail("cannot open", "the initial file tree");
	if (chdir(NEW_ROOT) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		fail("cannot switch to", "the new root");
	empty_folder(old, status.st_dev);
}

/* Puts the path of the virtio-serial port of that name into `path`; false when there is none (yet). */
static bool find_port(const char *name, char path[64])
{
	bool found = false;
	DIR *ports = opendir("/sys/class/virtio-ports");
	for (struct dirent *entry; !found && ports && (entry = readdir(ports));) {
		char file[128], text[64] = "";
		if (entry->d_name[0] == '.' || strlen(entry->d_name) > 32)
			continue;
		snprintf(file, sizeof file, "/sys/class/virtio-ports/%s/name", entry->d_name);
		int fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		ssize_t length = read(fd, text, sizeof text - 1);
		close(fd);
		if (length > 0 && text[length - 1] == '\n')
			text[length - 1] = '\0';
		if (strcmp(text, name) != 0)
			continue;
		snprintf(path, 64, "/dev/%s", entry->d_name);
		found = access(path, F_OK) == 0;
	}
	if (ports)
		closedir(ports);
	return found;
}

static void wait_for_port(const char *name, char path[64])
{
	for (int waited = 0; !find_port(name, path); waited++) {
		if (waited >= DEVICE_PATIENCE_MS) {
			errno = ENOENT;
			fail("no virtio-serial port", name);
		}
		sleep_ms(1);
	}
}

static pid_t launch(char *const argv[], const char *output)
{
	pid_t child = fork();
	if (child < 0)
		fail("cannot fork for", argv[0]);
	if (child > 0)
		return child;
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	int in = open("/dev/null", O_RDONLY);
	int out = open(output, O_WRONLY);
	if (in < 0 || out < 0)
		say("tare: cannot open %s: %s", in < 0 ? "/dev/null" : output, strerror(errno));
	dup2(in, STDIN_FILENO);
	int console = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	close(in);
	close(out);
	execve(argv[0], argv, environment);
	dprintf(console, "tare: cannot execute %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* `entry` holds arguments, each ended by NUL. */
static pid_t launch_probe(char *entry, size_t length)
{
	char marks[64], output[64];
	char *argv[MAX_ARGUMENTS + 8] = {PROBE, "--marks", marks, "--commands", marks, "--announce", ANNOUNCE};
	size_t count = 7;

	wait_for_port(MARKS_PORT, marks);
	wait_for_port(OUTPUT_PORT, output);
	for (char *word = entry; word < entry + length; word += strlen(word) + 1) {
		if (count >= MAX_ARGUMENTS + 7) {
			errno = E2BIG;
			fail("cannot pass on", "the entry point's arguments");
		}
		argv[count++] = word;
	}
	return launch(argv, output);
}

static void launch_agent(void)
{
	char port[64];
	wait_for_port(AGENT_PORT, port);
	char *argv[] = {AGENT, "-m", "virtio-serial", "-p", port, NULL};
	launch(argv, "/dev/null");
}

static int open_buttons(struct pollfd *buttons)
{
	int count = 0;
	DIR *devices = opendir("/dev/input");
	for (struct dirent *entry; count < MAX_BUTTONS && devices && (entry = readdir(devices));) {
		char path[300];
		if (strncmp(entry->d_name, "event", 5) != 0)
			continue;
		snprintf(path, sizeof path, "/dev/input/%s", entry->d_name);
		int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0)
			buttons[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	if (devices)
		closedir(devices);
	return count;
}

static bool power_pressed(int fd)
{
	struct input_event event;
	bool pressed = false;
	while (read(fd, &event, sizeof event) == sizeof event)
		pressed |= event.type == EV_KEY && event.code == KEY_POWER && event.value == 1;
	return pressed;
}

/* Reaps everybody; true when the probe was among them. */
static bool reap(pid_t probe, int *status)
{
	bool ended = false;
	int one;
	for (pid_t child; (child = waitpid(-1, &one, WNOHANG)) > 0;) {
		if (child != probe)
			continue;
		ended = true;
		*status = one;
	}
	return ended;
}

static void supervise(pid_t probe, int signals)
{
	struct pollfd watched[1 + MAX_BUTTONS] = {{.fd = signals, .events = POLLIN}};
	struct signalfd_siginfo info;
	int buttons = 0, status = 0;

	while (!reap(probe, &status)) {
		if (buttons == 0)
			buttons = open_buttons(watched + 1);
		if (poll(watched, (nfds_t)(1 + buttons), buttons == 0 ? 100 : -1) < 0 && errno != EINTR)
			fail("cannot", "poll");
		while (read(signals, &info, sizeof info) == sizeof info)
			;
		for (int i = 1; i <= buttons; i++) {
			if (!power_pressed(watched[i].fd))
				continue;
			say("tare: power button");
			kill(probe, SIGTERM);
		}
	}
	if (WIFSIGNALED(status))
		say("tare: the workload was ended by signal %d", WTERMSIG(status));
	else
		say("tare: the workload ended with %d", WEXITSTATUS(status));
}

int main(void)
{
	size_t length;
	sigset_t watched;

	say("tare: init");
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &watched, NULL);
	int signals = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);

	mount_or_fail("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount_or_fail("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount_or_fail("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755");
	load_modules();
	char *entry = read_file("/entry", &length);
	keep_run_helper();
	wait_for("/dev/vda");
	mount_or_fail("/dev/vda", NEW_ROOT, "ext4", 0, NULL);
	switch_root();
	mount_or_fail("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666");
	mount_or_fail("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	sethostname("tare", 4);
	set_network();

	pid_t probe = launch_probe(entry, length);
	launch_agent();
	supervise(probe, signals);
	power_off();
}
