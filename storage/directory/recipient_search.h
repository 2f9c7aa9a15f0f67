/*
 * recipient_search.h -- whom a piece of a name or of an address finds; private to this room.
 *
 * Row-level security lets no index serve LIKE for the role of an actor. So the role that looks up asks the indexes of three letters for
 * a few hits first: with few of them the actor's page is read by their numbers, under its own rules; with many it is full soon when
 * rows are looked at in their order.
 */
#ifndef DIRECTORY_RECIPIENT_SEARCH_H
#define DIRECTORY_RECIPIENT_SEARCH_H

#include "db/statement.h"
#include "directory/directory.h"

struct recipient_search {
    bool is_few;
    struct db_value
        value; /* few: array of their ids; else the pattern for LIKE, folded as sort_name and addresses are */
};
/* Of this organisation, 0: of all. Case and accents aside. The value lives as long as `owner`. ERR_BUSY. */
MUST_CHECK bool recipient_search(struct directory *directory, const void *owner, int64_t organisation_id,
                                 const char *text, struct recipient_search *search_out, struct err *err);

#endif
