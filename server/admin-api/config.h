/*
 * config.h -- the configuration as one JSON object: a list of objects for each section, in the order in which they can be
 * made; private to this room.
 */
#ifndef ADMIN_API_CONFIG_H
#define ADMIN_API_CONFIG_H

#include "admin_api/act.h"

enum config_lists { CONFIG_ONCE, CONFIG_OF_ORGANISATIONS, CONFIG_OF_ALL_AND_ORGANISATIONS };

/* One kind of object. Fields are words with a space between them. In `list` and `item`, {name} stands for a field, percent-encoded; a
 * parameter of the query whose field is not there is left out. */
struct config_section {
    const char *name;
    const char *list, *field; /* GET, and the field of its answer; NULL: the answer is the one object */
    const char *id;           /* names of the fields that tell one from another */
    const char *item;         /* NULL: it is not in the text, and only told to be left out */
    const char *create;       /* fields of POST; of a setting: all that the text says */
    const char *change;       /* fields of PATCH; NULL: it is removed and made anew */
    enum config_lists lists;  /* of what `list` is asked */
    const char *below;        /* field of its answer: domains of which it is asked as well; NULL: none */
    const char *made_at;      /* POST; NULL: `list` */
    const char *named;        /* fields that only the paths name; NULL: there are none */
    const char *key;          /* field that `item` names and the text does not; NULL: there is none */
    const char *left_out;     /* SHOWN=FIELD ...: where SHOWN is set, the text does not tell FIELD; NULL */
    const char *put;          /* PUT or PATCH: a setting, always there; NULL: it is made and removed */
    const char *nothing;      /* of a setting: what takes it back, as JSON, over the body that sets it */
    const char *later;        /* is_outside: fields that name what others make; NULL: none */
    const char *whole;        /* fields that are not so where the text has none; NULL: all are left alone */
    bool has_details;         /* the list does not tell all */
    bool is_outside;          /* more than rows of the directory: made for real, before all others */
    void (*adapt)(json_t *shown); /* from what GET shows to what POST takes; NULL: it is the same */
    bool (*is_said)(const json_t *shown, const json_t *of); /* it is configured, and here; NULL: all are */
};
/* In order. */
const struct config_section *config_sections(size_t *count_out);

/* One of the sections as it is now, in the caller's name, with what `key` names; the caller owns the list. What is not told is appended to
 * `left_out` as {"section", "object", "field"}; NULL: nobody wants to know. */
MUST_CHECK bool config_section_read(struct admin_call *call, const struct config_section *section,
                                    json_t **list_out, json_t *left_out, struct err *err);
/* "ORGANISATION/NAME": what the object is called in this section. Under `arena`. */
char *config_object_id(void *arena, const struct config_section *section, const json_t *object);
/* The path of the object. Under `arena`. */
char *config_object_path(void *arena, const char *pattern, const json_t *object);
/* The caller of `call`, for act(). */
struct act_caller config_caller(const struct admin_call *call);

#endif
