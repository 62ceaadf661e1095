/*
 * Runs a program among the processes of a container that runs: limited and confined as they are.
 *
 *   enter PID CAPABILITIES NOFILE PROFILE FOLDER... -- NAME=VALUE... -- PROGRAM...
 *
 * PID is the container's first process, in the user namespace of the host. CAPABILITIES is a mask in hex, as /proc/PID/status
 * shows it; NOFILE is SOFT:HARD, or empty to keep the limit; PROFILE is AppArmor's, or empty; FOLDERs are cgroups to join. What
 * the program finds in its environment is what is named, and PROGRAM is looked for in the PATH of that.
 * Ends as the program does: with its exit code, or with 128 and the signal's number; with 126 and a line that begins with
 * "enter: " where it could not be run.
 *
 * Nothing of the container's file tree is executed before the program itself is, with all its confinement in place. Until then
 * nobody inside may look into this process, and what /proc/self/exe leads to is a copy that cannot be written to: a program
 * inside that is a script of "#!/proc/self/exe" would otherwise hold the host's file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_RUN 126
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
/* User namespaces apart: the container has the host's. */
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP)

/* Of capset(2), as the kernel's headers have it; two halves of 32 capabilities. */
#define CAPABILITY_VERSION 0x20080522
struct capability_header {
	uint32_t version;
	int pid;
};
struct capability_data {
	uint32_t effective, permitted, inheritable;
};

extern char **environ;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "enter: %s: %s\n", what, strerror(errno));
	exit(NOT_RUN);
}

static void check(bool holds, const char *what)
{
	if (!holds)
		fail(what);
}

/* Goes on in a sealed copy of this program; returns where it is one. */
static void leave_file(char **argv)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int copy;
	struct stat status;
	off_t done = 0;

	check(self >= 0, "/proc/self/exe");
	if (fcntl(self, F_GET_SEALS) == SEALS) {
		close(self);
		return;
	}
	check(fstat(self, &status) == 0, "/proc/self/exe");
	copy = memfd_create("enter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	check(copy >= 0, "a copy in memory");
	while (done < status.st_size)
		check(sendfile(copy, self, &done, (size_t)(status.st_size - done)) > 0, "a copy in memory");
	check(fcntl(copy, F_ADD_SEALS, SEALS) == 0, "sealing the copy");
	fexecve(copy, argv, environ);
	fail("running the copy");
}

static void put(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);

	check(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text) && close(file) == 0, path);
}

static void join_cgroup(const char *folder)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/cgroup.procs", folder);
	put(path, "0");
}

static void limit_files(const char *text)
{
	struct rlimit limit;
	unsigned long long soft, hard;

	if (*text == '\0')
		return;
	errno = EINVAL;
	check(sscanf(text, "%llu:%llu", &soft, &hard) == 2, "limit of open files");
	limit.rlim_cur = soft;
	limit.rlim_max = hard;
	check(setrlimit(RLIMIT_NOFILE, &limit) == 0, "limit of open files");
}

static void default_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The last step: from here on the container's other processes may trace this one. */
static void drop_capabilities(uint64_t kept)
{
	struct capability_header header = {.version = CAPABILITY_VERSION};
	struct capability_data data[2] = {{0}};

	check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0, "ambient capabilities");
	for (int number = 0; prctl(PR_CAPBSET_READ, number) >= 0; number++)
		if ((kept >> number & 1) == 0)
			check(prctl(PR_CAPBSET_DROP, number) == 0, "bounding capabilities");
	for (int half = 0; half < 2; half++)
		data[half].permitted = data[half].effective = (uint32_t)(kept >> 32 * half);
	check(syscall(SYS_capset, &header, data) == 0, "capabilities");
}

static _Noreturn void become(const char *capabilities, char **variables, char **program)
{
	default_signals();
	umask(022);
	check(setgroups(0, NULL) == 0, "groups");
	environ = variables;
	drop_capabilities(strtoull(capabilities, NULL, 16));
	execvp(program[0], program);
	fail(program[0]);
}

/* Ends the list that begins here at its "--"; returns what follows. */
static char **end_list(char **list)
{
	while (*list != NULL && strcmp(*list, "--") != 0)
		list++;
	if (*list == NULL) {
		errno = EINVAL;
		fail("words");
	}
	*list = NULL;
	return list + 1;
}

int main(int argc, char **argv)
{
	char path[64], **variables, **program;
	int process, root, status;
	pid_t child;

	leave_file(argv);
	errno = EINVAL;
	check(argc > 7, "words");
	variables = end_list(argv + 5);
	program = end_list(variables);
	check(*program != NULL, "words");
	check(prctl(PR_SET_DUMPABLE, 0) == 0, "keeping others out");

	process = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	check(process >= 0, "the container's first process");
	snprintf(path, sizeof path, "/proc/%s/root", argv[1]);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	check(root >= 0, path);
	for (char **folder = argv + 5; *folder != NULL; folder++)
		join_cgroup(*folder);
	limit_files(argv[3]);
	if (*argv[4] != '\0') {
		char rule[512];

		snprintf(rule, sizeof rule, "exec %s", argv[4]);
		put("/proc/self/attr/exec", rule);
	}
	check(setns(process, NAMESPACES) == 0, "the container's namespaces");
	check(fchdir(root) == 0 && chroot(".") == 0 && chdir("/") == 0, "the container's file tree");
	close(root);

	/* Only a child is in the PID namespace. */
	child = fork();
	check(child >= 0, "fork");
	if (child == 0)
		become(argv[2], variables, program);
	while (waitpid(child, &status, 0) < 0)
		check(errno == EINTR, "the end of the program");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
