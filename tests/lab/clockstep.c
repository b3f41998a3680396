/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A wall clock that can be stepped, for the programs of a test alone: loaded by
 * LD_PRELOAD, it adds the seconds in the file $CLOCKSTEP (8 bytes, mapped) to
 * what the kernel says. Monotonic clocks and the kernel's own stamps (of ICMP
 * replies, say) are left as they are.
 */

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t
step(void)
{
	static const volatile int64_t *seconds;
	static const int64_t none;
	const char *file;
	void *map;
	int fd;

	if (seconds != NULL)
		return *seconds;
	seconds = &none;
	file = getenv("CLOCKSTEP");
	fd = file != NULL ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return 0;
	map = mmap(NULL, sizeof(none), PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (map != MAP_FAILED)
		seconds = map;
	return *seconds;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int bad = (int)syscall(SYS_clock_gettime, id, ts);

	if (bad == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ts->tv_sec += step();
	return bad;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *t)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (t != NULL)
		*t = ts.tv_sec;
	return ts.tv_sec;
}
