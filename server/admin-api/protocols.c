/* protocols.c -- bits and their words. */
#include "admin_api/protocols.h"

json_t *protocols_json(unsigned protocols)
{
    json_t *json = json_array();

    for (unsigned bit = 1; bit < PROTOCOLS_ALL; bit <<= 1)
        if (protocols & bit)
            json_array_append_new(json, json_string(directory_protocol_name((enum directory_protocol)bit)));
    return json;
}

bool protocols_read(const struct admin_call *call, unsigned *protocols_out, struct err *err)
{
    const json_t *list = json_object_get(call->in, "protocols");
    unsigned protocols = 0;

    if (!list)
        return true;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        unsigned bit = word ? directory_protocol_of(word) : 0;
        if (bit == 0)
            return err_set(err, ERR_INVALID,
                           "%.40s is no protocol: smtp, imap, pop3, web, dav, nntp, sieve, admin.",
                           word ? word : "This");
        protocols |= bit;
    }
    *protocols_out = protocols;
    return true;
}
