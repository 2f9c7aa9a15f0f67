/* services.c -- ports and roles. */
#include "main/services.h"

#include "base/span.h"
#include "main/role.h"

#include <string.h>

const struct service services[] = {
    { "lmtp", "smtp", 24, SERVICE_STARTTLS, true },
    { "smtp", "smtp", 25, SERVICE_STARTTLS, false },
    { "submissions", "smtp", 465, SERVICE_TLS, false },
    { "submission", "smtp", 587, SERVICE_STARTTLS, false },
    { "pop3", "mailbox", 110, SERVICE_STARTTLS, false },
    { "imap", "mailbox", 143, SERVICE_STARTTLS, false },
    { "imaps", "mailbox", 993, SERVICE_TLS, false },
    { "pop3s", "mailbox", 995, SERVICE_TLS, false },
    { "managesieve", "mailbox", 4190, SERVICE_STARTTLS, false },
    { "http", "web", 80, SERVICE_PLAIN, false },
    { "https", "web", 443, SERVICE_TLS, false },
    { .name = NULL },
};

const struct role_kind role_kinds[] = {
    { "smtp", "receives and submits mail, LMTP", role_smtp_start, role_smtp_reload, role_smtp_stop },
    { "mailbox", "IMAP, POP3 and ManageSieve", role_mailbox_start, role_mailbox_reload, role_mailbox_stop },
    { "web", "webmail, administration, JMAP, health, metrics", role_web_start, role_web_reload,
      role_web_stop },
    { "transport", "the queue: sends mail to other servers, files what waits, writes notices",
      role_transport_start, role_transport_reload, role_transport_stop },
    { "housekeeping", "search index, retention, audits, certificate dates", role_housekeeping_start,
      role_housekeeping_reload, role_housekeeping_stop, true },
    { "extract", "reads what is foreign (attached documents, OpenPGP), each in a process without rights",
      role_extract_start, role_extract_reload, role_extract_stop, true },
    { .name = NULL },
};

uint16_t service_port(const struct config *config, const struct service *service)
{
    return (uint16_t)(service->port + config->port_offset);
}

const struct role_kind *role_kind_find(const char *name)
{
    for (const struct role_kind *kind = role_kinds; kind->name; kind++)
        if (strcmp(kind->name, name) == 0)
            return kind;
    return NULL;
}

/* The next word of a list separated by commas or spaces; false at its end. */
static bool next_word(const char **list, struct span *word_out)
{
    size_t length;

    *list += strspn(*list, ", ");
    length = strcspn(*list, ", ");
    *word_out = span_of(*list, length);
    *list += length;
    return length > 0;
}

bool role_is_listed(const char *list, const char *role)
{
    struct span word;

    while (next_word(&list, &word))
        if (span_equals_text(word, role))
            return true;
    return false;
}

bool role_list_check(const char *list, struct err *err)
{
    struct span word;
    bool is_any = false;

    while (next_word(&list, &word)) {
        bool is_known = false;
        for (const struct role_kind *kind = role_kinds; kind->name; kind++)
            is_known = is_known || span_equals_text(word, kind->name);
        if (!is_known)
            return err_set(err, ERR_INVALID, "There is no role %.*s.", (int)span_length(word), word.p);
        is_any = true;
    }
    return is_any || err_set(err, ERR_INVALID, "No role is named.");
}
