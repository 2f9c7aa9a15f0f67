/*
 * attachment_keeper.h -- the thread of the role housekeeping that has attachments read for the search.
 *
 * One document at a time. After each some of the time that it took is left to others: nine times as much while the machine is busy.
 */
#ifndef MAIN_ATTACHMENT_KEEPER_H
#define MAIN_ATTACHMENT_KEEPER_H

#include "main/config.h"

struct attachment_keeper;
struct storage;

/* `storage` must live until attachment_keeper_stop(). */
MUST_CHECK bool attachment_keeper_start(const void *owner, struct storage *storage,
                                        const struct config *config, struct attachment_keeper **keeper_out,
                                        struct err *err);
/* Limits, and whether anything is read at all. `config` lives as long as the keeper. */
void attachment_keeper_reload(struct attachment_keeper *keeper, const struct config *config);
/* Ends after the document that is being read. Accepts and sets NULL. */
void attachment_keeper_stop(struct attachment_keeper **keeper);

#endif
