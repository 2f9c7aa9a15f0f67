/* person.c -- the fields of a person, from JSON and to it. */
#include "admin_api/person.h"

bool person_read(const json_t *json, struct person *person_out, struct err *err)
{
    *person_out = (struct person){ .values = { NULL } };
    for (int i = 0; i < PERSON_FIELDS; i++) {
        const char *name = person_field_name((enum person_field)i);
        const json_t *value = json_object_get(json, name);
        if (value && !json_is_string(value))
            return err_set(err, ERR_INVALID, "The field %s has the wrong type.", name);
        person_out->values[i] = json_string_value(value);
    }
    return person_check(person_out, err);
}

bool person_apply(const struct admin_call *call, int64_t recipient_id, const struct person *person,
                  struct err *err)
{
    return !person_is_said(person) ||
           person_set(call->api->options.directory, &call->actor, recipient_id, person, err);
}

bool person_add(const struct admin_call *call, int64_t recipient_id, json_t *json, struct err *err)
{
    struct person person;

    if (!person_get(call->api->options.directory, &call->actor, call->arena, recipient_id, &person, err))
        return false;
    for (int i = 0; i < PERSON_FIELDS; i++)
        if (*person.values[i])
            json_object_set_new(json, person_field_name((enum person_field)i), json_string(person.values[i]));
    return true;
}

void person_add_names(json_t *list)
{
    for (int i = 0; i < PERSON_FIELDS; i++)
        json_array_append_new(list, json_string(person_field_name((enum person_field)i)));
}
