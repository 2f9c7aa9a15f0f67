/*
 * config.h -- the configuration as one JSON object: a list of objects for each section, in the order in which they can be
 * made; private to this room.
 */
#ifndef ADMIN_API_CONFIG_H
#define ADMIN_API_CONFIG_H

#include "admin_api/act.h"

struct config_section {
    const char *name;
    const char *list, *field;     /* GET, and the field of its answer */
    const char *id;               /* names of the fields that tell one from another */
    const char *item;             /* "/domains/{name}": {} is a field of the object */
    const char *create, *change;  /* fields of POST and PATCH; change NULL: it is removed and made anew */
    bool is_of_organisations;     /* the list is asked for each organisation, and for none */
    bool has_details;             /* the list does not tell all */
    void (*adapt)(json_t *shown); /* from what GET shows to what POST takes; NULL: it is the same */
    bool needs_organisation;      /* with is_of_organisations: there is no list of none */
    bool is_outside;              /* more than rows of the directory: made for real, before all others */
    const char *later;            /* is_outside: fields that name what those others make; NULL: none */
    bool (*fit)(json_t *fields,
                struct err *err); /* from what the text says to what POST takes; NULL: the same */
};
/* In order. */
const struct config_section *config_sections(size_t *count_out);

/* One of the sections as it is now, in the caller's name; the caller owns the list. */
MUST_CHECK bool config_section_read(struct admin_call *call, const struct config_section *section,
                                    json_t **list_out, struct err *err);
/* "ORGANISATION/NAME": what the object is called in this section. Under `arena`. */
char *config_object_id(void *arena, const struct config_section *section, const json_t *object);
/* The path of the object. Under `arena`. */
char *config_object_path(void *arena, const char *pattern, const json_t *object);
/* The caller of `call`, for act(). */
struct act_caller config_caller(const struct admin_call *call);

#endif
