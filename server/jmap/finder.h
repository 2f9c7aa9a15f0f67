/*
 * finder.h -- what a filter of Email/query holds for, told to storage: so search folders (mailbox/search_folder.h) show over IMAP
 * what the same filter finds over JMAP.
 *
 * It needs no struct jmap and asks in the name of the mailbox's owner. Conditions about whole conversations are none of a search
 * folder's.
 *
 * Threads  any.
 */
#ifndef JMAP_FINDER_H
#define JMAP_FINDER_H

#include "mailbox/search_folder.h"

#include <stdatomic.h>

struct jmap_finder {
    _Atomic int64_t search_time_us; /* that looking through texts may take; 0: no limit */
};

/* A search_folder_finder; `finder` is a struct jmap_finder. */
MUST_CHECK bool jmap_find_places(void *finder, struct mailbox *mailbox, const char *filter,
                                 const struct search_place *among, size_t among_count, const void *owner,
                                 struct search_place **places_out, size_t *count_out, struct err *err);

#endif
