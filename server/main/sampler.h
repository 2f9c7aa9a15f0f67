/*
 * sampler.h -- asks the roles of this machine what they have counted, and adds it to the directory's statistics
 * (directory/statistic.h): mail received, delivered, sent, refused, logins; and how much waits in the queue.
 *
 * A role that was started again counts from nothing: what it says then is all new.
 *
 * Threads  one at a time.
 */
#ifndef MAIN_SAMPLER_H
#define MAIN_SAMPLER_H

#include "main/config.h"

struct directory;
struct sampler;

/* Nobody has been asked yet: the first answers are where counting begins. */
struct sampler *sampler_new(const void *owner);
/* Asks now. ERR_BUSY: the directory cannot be reached; what was counted is added the next time. */
MUST_CHECK bool sampler_take(struct sampler *sampler, const struct config *config,
                             struct directory *directory, int64_t now_us, struct err *err);

/* The sum of all values of a counter in Prometheus text, of those with that label value alone where `label` ("verdict=\"failed\"") is
 * named; what is no such line is passed over. */
int64_t sampler_sum(const char *text, const char *metric, const char *label);

#endif
