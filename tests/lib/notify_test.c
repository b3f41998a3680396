/* SPDX-License-Identifier: BSD-2-Clause */
/* What arrives at the socket of a service manager. */
#include "lib/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/mono.h"
#include "tests/unit.h"

static int manager = -1;
static char dir[] = "/tmp/hop-test-XXXXXX", path[64];

static void
listen_at(const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t len = strlen(name);

	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CU_ASSERT_FATAL(manager >= 0);
	memcpy(sun.sun_path, name, len);
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(
	    bind(manager, (struct sockaddr *)&sun,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
	    0);
	(void)setenv("NOTIFY_SOCKET", name, 1);
}

static void
hears(const char *word)
{
	char got[1024] = "";
	ssize_t n = recv(manager, got, sizeof(got) - 1, 0);

	got[n > 0 ? n : 0] = '\0';
	CU_ASSERT_STRING_EQUAL(got, word);
}

static void
all_words_arrive(void)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/notify", dir);
	listen_at(path);
	mono_fake((struct mono){INT64_C(7000001000)});
	notify_ready();
	hears("READY=1");
	notify_reloading();
	hears("RELOADING=1\nMONOTONIC_USEC=7000001");
	notify_stopping();
	hears("STOPPING=1");
	notify_status("%d servers", 7);
	hears("STATUS=7 servers");
	mono_fake((struct mono){0});
	(void)close(manager);
	(void)unlink(path);
	(void)rmdir(dir);
}

static void
a_watchdog_is_fed_only_if_there_is_one(void)
{
	listen_at("@hop-notify-test");
	notify_alive();
	hears("");
	(void)setenv("WATCHDOG_USEC", "10000000", 1);
	notify_alive();
	hears("WATCHDOG=1");
	(void)close(manager);
}

static void
a_bad_socket_is_passed_over(void)
{
	char far[300];
	size_t i;
	const char *const names[] = {"", "@", "relative", far, "/no/such/dir"};

	memset(far, 'x', sizeof(far) - 1);
	far[0] = '/';
	far[sizeof(far) - 1] = '\0';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)setenv("NOTIFY_SOCKET", names[i], 1);
		notify_ready();
	}
	(void)unsetenv("NOTIFY_SOCKET");
	notify_ready();
	CU_PASS("still here");
}

static const struct unit_test tests[] = {
    {"all words arrive", all_words_arrive},
    {"a watchdog is fed only if there is one",
	a_watchdog_is_fed_only_if_there_is_one},
    {"a bad socket is passed over", a_bad_socket_is_passed_over},
};

UNIT_MAIN("lib/notify", tests)
