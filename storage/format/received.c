/*
 * received.c -- trace fields. What peers say of themselves is written only as letters that cannot end a
 * field.
 */
#include "format/received.h"

#include "format/address.h"
#include "format/date.h"
#include "format/header.h"

#include <strings.h>
#include <talloc.h>

enum { VALUE_MAX = 255 };

size_t received_count(struct span header_block)
{
    return header_count(header_block, "Received");
}

static bool names(const void *owner, struct span value, const char *key)
{
    struct address_list list;
    struct address address;

    address_list_parse(owner, value, &list);
    return list.count > 0 && address_of_item(owner, &list.items[0], &address) == ADDRESS_GOOD &&
           strcmp(address_key(owner, &address), key) == 0;
}

bool received_is_delivered_to(const void *owner, struct span header_block, const char *address_key)
{
    void *scratch = talloc_new(owner);
    struct header_field field;
    bool is_found = false;

    while (!is_found && header_next(&header_block, &field))
        if (span_equals_nocase(field.name, "Delivered-To"))
            is_found = names(scratch, field.value, address_key);
    talloc_free(scratch);
    return is_found;
}

/* Printable bytes that are neither comment nor address syntax; '?' for the others. */
static void add_safe(struct buf *out, const char *value, const char *unsafe)
{
    size_t length = strnlen(value, VALUE_MAX);

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)value[i];

        buf_add_byte(out, c < ' ' || c == 127 || strchr(unsafe, c) ? '?' : (char)c);
    }
}

static void add_from(struct buf *out, const struct received_line *line)
{
    buf_add_text(out, "from ");
    add_safe(out, line->helo && *line->helo ? line->helo : "unknown", " ()<>;,\"\\");
    if (!line->peer_address)
        return;
    buf_add_text(out, " (");
    if (line->peer_name) {
        add_safe(out, line->peer_name, " ()<>;,\"\\");
        buf_add_byte(out, ' ');
    }
    buf_add_text(out, strchr(line->peer_address, ':') ? "[IPv6:" : "[");
    add_safe(out, line->peer_address, " ()<>;,\"\\[]");
    buf_add_text(out, "])");
}

static void add_optional(struct buf *out, const char *before, const char *value, const char *after)
{
    if (!value)
        return;
    buf_add_text(out, before);
    add_safe(out, value, "()<>;\\");
    buf_add_text(out, after);
}

void received_add(struct buf *out, const struct received_line *line)
{
    char date[DATE_TEXT_MAX];

    buf_add_text(out, "Received: ");
    add_from(out, line);
    add_optional(out, "\r\n\t(", line->tls, ")");
    add_optional(out, "\r\n\t(authenticated as ", line->login, ")");
    add_optional(out, "\r\n\tby ", line->by, "");
    add_optional(out, " with ", line->with, "");
    add_optional(out, " id ", line->id, "");
    add_optional(out, "\r\n\tfor <", line->only_for, ">");
    buf_add_text(out, ";\r\n\t");
    date_render(date, (struct date){ .us = line->at_us });
    buf_add_text(out, date);
    buf_add_text(out, "\r\n");
}

static void add_path_field(struct buf *out, const char *name, const char *path)
{
    buf_add_text(out, name);
    for (; path && *path; path++)
        buf_add_byte(out, (unsigned char)*path < ' ' || *path == 127 ? '?' : *path);
}

void received_add_return_path(struct buf *out, const char *path)
{
    add_path_field(out, "Return-Path: <", path);
    buf_add_text(out, ">\r\n");
}

void received_add_delivered_to(struct buf *out, const char *address)
{
    add_path_field(out, "Delivered-To: ", address);
    buf_add_text(out, "\r\n");
}

void received_add_without(struct buf *out, struct span header_block, const char *name)
{
    const char *from = header_block.p;
    struct span in = header_block;
    struct header_field field;

    while (header_next(&in, &field)) {
        if (!span_equals_nocase(field.name, name))
            continue;
        buf_add(out, from, (size_t)(field.whole.p - from));
        from = field.whole.end;
    }
    buf_add(out, from, (size_t)(header_block.end - from));
}
