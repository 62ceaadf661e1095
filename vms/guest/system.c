/*
 * What tare adds to a full system: one program under three names.
 *
 *   tare-init     a systemd generator: says "tare: init" on the console. systemd runs its generators before it loads any
 *                 unit, so the line tells that the guest's init is at work.
 *   tare-address  gives the network interface its address, as ifup would.
 *   tare-entry    becomes the probe with the workload: its marks on the virtio-serial port tare.marks, its output on
 *                 tare.output.
 *
 * Address and entry point are the instance's, not the disk's: the firmware hands them on (QEMU's fw_cfg).
 *   opt/tare/address  ADDR/BITS; none without a network
 *   opt/tare/entry    the probe's arguments after the mark channel, separated by spaces; %XX stands for any byte
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ENTRIES "/sys/firmware/qemu_fw_cfg/by_name/opt/tare/"
#define INTERFACE "eth0"
#define PROBE "/tare/probe"
#define MARKS_PORT "tare.marks"
#define OUTPUT_PORT "tare.output"

/* How long a device may take to appear after its driver was loaded. */
#define DEVICE_PATIENCE_MS 20000
#define MAX_ARGUMENTS 256
#define OWN_FAILURE 125

/* One line on the console, in one write, so that the kernel's own messages come before or after, not between. */
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
	int console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	ssize_t ignored = write(console, line, (size_t)length);
	(void)ignored;
	close(console);
}

static void fail(const char *what, const char *which)
{
	say("tare: cannot %s %s: %s", what, which, strerror(errno));
	_exit(OWN_FAILURE);
}

static void sleep_ms(long ms)
{
	struct timespec pause_for = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	nanosleep(&pause_for, NULL);
}

/* Whole contents with a NUL after them; NULL when there is no such file. */
static char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	size_t size = 0, room = 4096;
	char *text = malloc(room + 1);
	for (ssize_t got; (got = read(fd, text + size, room - size)) > 0;) {
		size += (size_t)got;
		if (size == room)
			text = realloc(text, (room *= 2) + 1);
	}
	close(fd);
	text[size] = '\0';
	return text;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void wait_for(const char *path)
{
	for (int waited = 0; !exists(path); waited++) {
		if (waited >= DEVICE_PATIENCE_MS)
			fail("find", path);
		sleep_ms(1);
	}
}

static void set_address(int fd, unsigned long request_code, const char *text, in_addr_t address)
{
	struct ifreq request = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
	strncpy(request.ifr_name, INTERFACE, IFNAMSIZ - 1);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = address;
	if (ioctl(fd, request_code, &request) < 0)
		fail("set the address", text);
}

static int configure(void)
{
	struct in_addr address;
	char *text = read_file(ENTRIES "address/raw");
	if (text == NULL)
		return 0;
	char *slash = strchr(text, '/');
	int bits = slash ? atoi(slash + 1) : 0;
	if (slash)
		*slash = '\0';
	if (bits < 1 || bits > 32 || inet_pton(AF_INET, text, &address) != 1) {
		errno = EINVAL;
		fail("understand the address", text);
	}
	wait_for("/sys/class/net/" INTERFACE);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail("open", "a socket");
	set_address(fd, SIOCSIFADDR, text, address.s_addr);
	set_address(fd, SIOCSIFNETMASK, text, htonl(0xffffffffu << (32 - bits)));
	struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
	strncpy(request.ifr_name, INTERFACE, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		fail("bring up", INTERFACE);
	return 0;
}

/* Puts the path of the virtio-serial port of that name into `path`; false when there is none (yet). */
static bool find_port(const char *name, char path[64])
{
	bool found = false;
	DIR *ports = opendir("/sys/class/virtio-ports");
	for (struct dirent *entry; !found && ports && (entry = readdir(ports));) {
		char file[128];
		if (entry->d_name[0] == '.' || strlen(entry->d_name) > 32)
			continue;
		snprintf(file, sizeof file, "/sys/class/virtio-ports/%s/name", entry->d_name);
		char *text = read_file(file);
		if (text == NULL)
			continue;
		text[strcspn(text, "\n")] = '\0';
		snprintf(path, 64, "/dev/%s", entry->d_name);
		found = strcmp(text, name) == 0 && exists(path);
		free(text);
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
			fail("find the virtio-serial port", name);
		}
		sleep_ms(1);
	}
}

static void unescape(char *word)
{
	char *to = word;
	for (const char *from = word; *from != '\0'; from++, to++) {
		char digits[3] = {0};
		if (*from != '%' || from[1] == '\0' || from[2] == '\0') {
			*to = *from;
			continue;
		}
		memcpy(digits, from + 1, 2);
		*to = (char)strtol(digits, NULL, 16);
		from += 2;
	}
	*to = '\0';
}

static int start(void)
{
	char marks[64], output[64];
	char *argv[MAX_ARGUMENTS + 6] = {PROBE, "--marks", marks, "--commands", marks};
	size_t count = 5;

	wait_for(ENTRIES "entry/raw");
	char *text = read_file(ENTRIES "entry/raw");
	if (text == NULL)
		fail("read", ENTRIES "entry/raw");
	/* An empty argument is empty between two spaces, so strtok would not do. */
	for (char *word; (word = strsep(&text, " ")) != NULL;) {
		if (count >= MAX_ARGUMENTS + 5) {
			errno = E2BIG;
			fail("pass on", "the entry point's arguments");
		}
		unescape(word);
		argv[count++] = word;
	}
	wait_for_port(MARKS_PORT, marks);
	wait_for_port(OUTPUT_PORT, output);
	int out = open(output, O_WRONLY);
	if (out < 0)
		fail("open", output);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	close(out);
	execv(PROBE, argv);
	fail("execute", PROBE);
	return OWN_FAILURE;
}

int main(int argc, char **argv)
{
	(void)argc;
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	if (strcmp(name, "tare-address") == 0)
		return configure();
	if (strcmp(name, "tare-entry") == 0)
		return start();
	say("tare: init");
	return 0;
}
