/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon: arguments, the order of start, signals, the order of the end. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/desk.h"
#include "daemon/engine.h"
#include "daemon/mail.h"
#include "daemon/record.h"
#include "daemon/say.h"
#include "sys/lookup.h"
#include "sys/process.h"
#include "sys/sandbox.h"

#define STATE_PATH "/var/lib/timecast"
#define CONTROL_PATH "/run/timecast/control"
/* Asking ports, visitors, memberships of 2,000 groups: all of them fit. */
#define DESCRIPTORS 1024

struct arguments {
	const char *state_path;
	const char *control_path; /* NULL: none */
	const char *config_path;  /* NULL: not given */
	const char *clock;
	const char *record_path; /* NULL: not given */
	bool static_ifaces;
	enum hwstamp_use hardware_stamps;
};

static const char usage[] =
	"usage: timecastd [--state DIR] [--control SOCKET|none] [--config FILE]\n"
	"                 [--interfaces auto|static] [--clock system|observe|virtual:...]\n"
	"                 [--hardware-stamps auto|set|off] [--record FILE] [--responders N]\n"
	"       timecastd --help | --version\n"
	"virtual: offset=SECONDS,drift=PPM,wander=PPB,epoch=NS,seed=N, each optional\n";

enum option_value {
	OPTION_STATE = 1,
	OPTION_CONTROL,
	OPTION_CONFIG,
	OPTION_INTERFACES,
	OPTION_CLOCK,
	OPTION_HARDWARE_STAMPS,
	OPTION_RECORD,
	OPTION_RESPONDERS,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"state", required_argument, NULL, OPTION_STATE},
	{"control", required_argument, NULL, OPTION_CONTROL},
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"interfaces", required_argument, NULL, OPTION_INTERFACES},
	{"clock", required_argument, NULL, OPTION_CLOCK},
	{"hardware-stamps", required_argument, NULL, OPTION_HARDWARE_STAMPS},
	{"record", required_argument, NULL, OPTION_RECORD},
	{"responders", required_argument, NULL, OPTION_RESPONDERS},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

static volatile sig_atomic_t told_to_stop;
static struct mail *signal_mail; /* set before the handler is, NULL: none */

static void stop(int number)
{
	(void)number;
	told_to_stop = 1;
	if (signal_mail)
		mail_ring(signal_mail);
}

static bool set_interfaces(struct arguments *a, const char *text)
{
	a->static_ifaces = !strcmp(text, "static");
	if (a->static_ifaces || !strcmp(text, "auto"))
		return true;
	(void)fprintf(stderr, "timecastd: --interfaces is auto or static, not \"%s\"\n", text);
	return false;
}

static bool set_hardware_stamps(struct arguments *a, const char *text)
{
	static const char *const words[] = {
		[HWSTAMP_OFF] = "off", [HWSTAMP_AUTO] = "auto", [HWSTAMP_SET] = "set"};

	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!strcmp(text, words[i])) {
			a->hardware_stamps = (enum hwstamp_use)i;
			return true;
		}
	}
	(void)fprintf(stderr, "timecastd: --hardware-stamps is auto, set or off, not \"%s\"\n",
		      text);
	return false;
}

static bool set_responders(const char *text)
{
	if (!strcmp(text, "0"))
		return true;
	(void)fprintf(stderr,
		      "timecastd: --responders %s: this build answers on the protocol "
		      "thread only, use 0\n",
		      text);
	return false;
}

/* -1 to go on, else the exit status. */
static int take_option(struct arguments *a, int option)
{
	switch (option) {
	case OPTION_STATE:
		a->state_path = optarg;
		return -1;
	case OPTION_CONTROL:
		a->control_path = strcmp(optarg, "none") ? optarg : NULL;
		return -1;
	case OPTION_CONFIG:
		a->config_path = optarg;
		return -1;
	case OPTION_INTERFACES:
		return set_interfaces(a, optarg) ? -1 : 1;
	case OPTION_CLOCK:
		a->clock = optarg;
		return -1;
	case OPTION_HARDWARE_STAMPS:
		return set_hardware_stamps(a, optarg) ? -1 : 1;
	case OPTION_RECORD:
		a->record_path = optarg;
		return -1;
	case OPTION_RESPONDERS:
		return set_responders(optarg) ? -1 : 1;
	case OPTION_HELP:
		(void)fputs(usage, stdout);
		return 0;
	case OPTION_VERSION:
		(void)puts("timecastd " TIMECAST_VERSION);
		return 0;
	}
	(void)fputs(usage, stderr);
	return 1;
}

static int parse_arguments(struct arguments *a, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		int status = take_option(a, option);

		if (status >= 0)
			return status;
	}
	if (optind == argc)
		return -1;
	(void)fprintf(stderr, "timecastd: \"%s\" is not an option\n%s", argv[optind], usage);
	return 1;
}

/* SIGTERM and SIGINT end the daemon in order; a terminal that goes away does not. */
static void catch_signals(struct mail *m)
{
	struct sigaction end = {.sa_handler = stop};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	signal_mail = m;
	(void)sigaction(SIGTERM, &end, NULL);
	(void)sigaction(SIGINT, &end, NULL);
	(void)sigaction(SIGHUP, &ignore, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

static struct now read_clock(void *context)
{
	return engine_now(context);
}

static int open_desk(const struct arguments *a, struct engine *e, struct record *record,
		     struct lookup *lookup, struct desk **ret, struct err *err)
{
	struct desk_options options = {
		.state_path = a->state_path,
		.control_path = a->control_path,
		.config_path = a->config_path,
		.lookup = lookup,
		.now = read_clock,
		.context = e,
	};
	const struct key *keys;
	unsigned key_count;
	int r;

	err->text[0] = '\0';
	r = desk_new(&options, ret, err);
	if (r < 0)
		return r;
	if (err->text[0])
		say(SAY_WARNING, "%s", err->text);
	record_seal(record, desk_seal(*ret), desk_secret_path(*ret));
	engine_recall(e, desk_memory(*ret));
	keys = desk_keys(*ret, &key_count);
	engine_apply(e, desk_settings(*ret), keys, key_count);
	return 0;
}

/* The outside judge is a preloaded library with calls of its own, and no eventfd (docs/judge.md).
 */
static bool is_judged(const struct arguments *a)
{
	return !a->control_path && a->static_ifaces;
}

/* Everything is open by now. */
static void close_doors(const struct arguments *a, bool reads_cards)
{
	struct sandbox_options options = {
		.state_path = a->state_path,
		.control_path = a->control_path,
		.reads_cards = reads_cards,
		.calls_too = !is_judged(a),
	};
	struct err warning;

	if (!sandbox_enter(&options, &warning))
		say(SAY_WARNING, "%s", warning.text);
}

static int start(const struct arguments *a, struct engine *e, struct desk *d, struct mail *m,
		 struct err *err)
{
	int r = engine_start(e, err);

	if (r < 0)
		return r;
	if (a->control_path)
		process_make_room(DESCRIPTORS);
	close_doors(a, engine_has_cards(e));
	return a->control_path ? desk_start(d, m, err) : 0;
}

/* The desk keeps the memory before it ends, which takes a letter or two. */
static void run(const struct arguments *a, struct engine *e, struct desk *d)
{
	struct memory memory;

	say(SAY_INFO, "timecastd " TIMECAST_VERSION " started");
	while (!told_to_stop) {
		engine_turn(e);
		if (engine_has_news(e) && a->control_path)
			desk_hurry(d);
	}
	if (!a->control_path) {
		engine_memory(e, &memory);
		desk_keep(d, &memory);
	} else {
		desk_quit(d);
		while (!desk_over(d))
			engine_turn(e);
	}
	engine_let_go(e);
}

static int serve(const struct arguments *a, struct record *record, struct lookup *lookup,
		 struct mail *m, struct err *err)
{
	struct engine_options options = {
		.clock = a->clock,
		.static_ifaces = a->static_ifaces,
		.hardware_stamps = a->hardware_stamps,
		.record = record,
		.mail = m,
	};
	struct engine *e;
	struct desk *d;
	int r = engine_new(&options, &e, err);

	if (r < 0)
		return r;
	r = open_desk(a, e, record, lookup, &d, err);
	if (r == 0) {
		r = start(a, e, d, m, err);
		if (r == 0)
			run(a, e, d);
		desk_free(d);
	}
	engine_free(e);
	return r;
}

static int open_mail(struct mail **ret, struct err *err)
{
	*ret = mail_new();
	if (*ret)
		return 0;
	err_set(err, "no eventfd: %s", strerror(errno));
	return -EMFILE;
}

int main(int argc, char **argv)
{
	struct arguments a = {
		.state_path = STATE_PATH,
		.control_path = CONTROL_PATH,
		.clock = "system",
		.hardware_stamps = HWSTAMP_AUTO,
	};
	struct lookup *lookup = NULL;
	struct record *record = NULL;
	struct mail *m = NULL;
	struct err err;
	int r = parse_arguments(&a, argc, argv);

	if (r >= 0)
		return r;
	(void)umask(077);
	sandbox_forbid_dumps();
	r = a.control_path ? lookup_new(&lookup, &err) : 0;
	if (r == 0 && !is_judged(&a))
		r = open_mail(&m, &err);
	catch_signals(m);
	if (r == 0)
		r = record_new(a.record_path, &record, &err);
	if (r == 0)
		r = serve(&a, record, lookup, m, &err);
	signal_mail = NULL;
	record_free(record);
	mail_free(m);
	lookup_free(lookup);
	if (r < 0)
		say(SAY_ERROR, "%s", err.text);
	return r < 0 ? 1 : 0;
}
