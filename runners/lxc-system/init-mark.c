/*
 * Says "init" on the mark channel, once in the life of an instance. systemd runs it as a generator, before it loads any unit, so
 * the word tells that process 1 is at work; a later reload of the units runs it again.
 */
#include <fcntl.h>
#include <unistd.h>

#define MARKS "/tare/marks"
#define SAID "/run/tare-init"

int main(void)
{
	int said = open(SAID, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (said < 0)
		return 0;
	int marks = open(MARKS, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (marks < 0 || write(marks, "init\n", 5) != 5)
		return 1;
	return 0;
}
