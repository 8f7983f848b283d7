/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/mail.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/auto.h"

struct mail {
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	struct letter *letter; /* posted, not answered yet */
	bool taken;
};

struct mail *mail_new(void)
{
	struct mail *m = auto_new(1, sizeof *m);

	m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->fd < 0) {
		free(m);
		return NULL;
	}
	(void)pthread_mutex_init(&m->lock, NULL);
	(void)pthread_cond_init(&m->answered, NULL);
	return m;
}

void mail_free(struct mail *m)
{
	if (!m)
		return;
	assert(!m->letter);
	(void)close(m->fd);
	(void)pthread_mutex_destroy(&m->lock);
	(void)pthread_cond_destroy(&m->answered);
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
	(void)pthread_mutex_lock(&m->lock);
	assert(!m->letter);
	m->letter = l;
	m->taken = false;
	mail_ring(m);
	while (m->letter)
		(void)pthread_cond_wait(&m->answered, &m->lock);
	(void)pthread_mutex_unlock(&m->lock);
}

int mail_fd(const struct mail *m)
{
	return m->fd;
}

struct letter *mail_take(struct mail *m)
{
	uint64_t rings;
	struct letter *l = NULL;

	(void)!read(m->fd, &rings, sizeof rings);
	(void)pthread_mutex_lock(&m->lock);
	if (!m->taken) {
		l = m->letter;
		m->taken = l != NULL;
	}
	(void)pthread_mutex_unlock(&m->lock);
	return l;
}

void mail_answer(struct mail *m, struct letter *l)
{
	(void)pthread_mutex_lock(&m->lock);
	assert(m->letter == l && m->taken);
	m->letter = NULL;
	m->taken = false;
	(void)pthread_cond_signal(&m->answered);
	(void)pthread_mutex_unlock(&m->lock);
}
