/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/mail.h"

#include <assert.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/auto.h"

/*
 * No mutex: the desk makes way for everybody, so it can be put aside while it holds one, and the
 * protocol thread would wait for it (12 ms were seen).
 */
struct mail {
	int fd;
	_Atomic(struct letter *) posted; /* NULL: none, or taken */
	sem_t answered;
};

struct mail *mail_new(void)
{
	struct mail *m = auto_new(1, sizeof *m);

	m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->fd < 0) {
		free(m);
		return NULL;
	}
	atomic_init(&m->posted, NULL);
	(void)sem_init(&m->answered, 0, 0);
	return m;
}

void mail_free(struct mail *m)
{
	if (!m)
		return;
	assert(!atomic_load(&m->posted));
	(void)close(m->fd);
	(void)sem_destroy(&m->answered);
	free(m);
}

void mail_ring(struct mail *m)
{
	uint64_t one = 1;
	int saved = errno;

	/* It can only fail when the counter is full, and then it rings already. */
	(void)!write(m->fd, &one, sizeof one);
	errno = saved;
}

void mail_post(struct mail *m, struct letter *l)
{
	struct letter *before = atomic_exchange(&m->posted, l);

	assert(!before);
	mail_ring(m);
	while (sem_wait(&m->answered) < 0) /* a signal */
		assert(errno == EINTR);
}

int mail_fd(const struct mail *m)
{
	return m->fd;
}

struct letter *mail_take(struct mail *m)
{
	uint64_t rings;

	(void)!read(m->fd, &rings, sizeof rings);
	return atomic_exchange(&m->posted, NULL);
}

void mail_answer(struct mail *m)
{
	(void)sem_post(&m->answered);
}
