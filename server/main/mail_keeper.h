/*
 * mail_keeper.h -- the thread of the role housekeeping that keeps mail as long as policies say, and no longer.
 */
#ifndef MAIN_MAIL_KEEPER_H
#define MAIN_MAIL_KEEPER_H

#include "base/err.h"

struct mail_keeper;
struct storage;

/* `storage` must live until mail_keeper_stop(). */
MUST_CHECK bool mail_keeper_start(const void *owner, struct storage *storage, struct mail_keeper **keeper_out,
                                  struct err *err);
/* Waits until the batch that is being done is committed. Accepts and sets NULL. */
void mail_keeper_stop(struct mail_keeper **keeper);

#endif
