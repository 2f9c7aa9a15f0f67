/*
 * map.h -- from an entry of a directory to what is taken over of it, by templates.
 *
 * A template is text with attributes in braces: "{givenName} {sn}". "{displayName|cn}" is the first of them that has a value. A field
 * of several values (aliases, members, memberships) takes all values of all attributes named. Where no attribute has a value the
 * field is empty. Values that are not UTF-8, or have control characters, count as none.
 *
 * Ownership  a map belongs to `owner`; what sync_map() gives belongs to its `arena`.
 * Threads    a map may be used by several threads.
 */
#ifndef SYNC_MAP_H
#define SYNC_MAP_H

#include "directory/mirror.h"
#include "ldap/search.h"

struct sync_map;

/* ERR_INVALID: a field that is none, a template or filter that cannot be read. */
MUST_CHECK bool sync_map_open(const void *owner, const struct source *source, struct sync_map **map_out,
                              struct err *err);
/* The filter for all that is read, and the attributes to ask for (ends with NULL); the map's. */
const char *sync_map_filter(const struct sync_map *map);
/* Ends with NULL; the map's. */
const char **sync_map_attributes(const struct sync_map *map);
/* False: it is nothing that is taken over (no key). The person is a new reference, dropped with the arena. */
bool sync_map(const struct sync_map *map, void *arena, const struct ldap_entry *entry,
              struct mirror_entry *out);
/* After members were added to it: the digest anew. */
void sync_map_seal(struct mirror_entry *entry);
/* The fields and their templates, as JSON: for the wizard. A new reference. */
json_t *sync_map_json(const struct sync_map *map);

/* The filters that a flavour has where none is set. Static; "" for none. */
struct sync_filters {
    const char *user, *contact, *group;
};
/* Of a flavour. */
struct sync_filters sync_default_filters(enum source_flavour flavour);

#endif
