/* milter.c -- one transaction, from the negotiation to the end of the message. */
#include "filter/milter.h"

#include "filter/wire.h"
#include "format/header.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { VERSION = 6, LEAST_VERSION = 2, ADD_HEADERS = 0x01, CHANGE_HEADERS = 0x10, QUARANTINE = 0x20 };

/* Steps that a milter may decline (NO_), and those that it does not answer (NR_); bits of the negotiation. */
enum {
    NO_CONNECT = 0x01,
    NO_HELO = 0x02,
    NO_MAIL = 0x04,
    NO_RCPT = 0x08,
    NO_BODY = 0x10,
    NO_HEADERS = 0x20,
    NO_EOH = 0x40,
    NR_HEADER = 0x80,
    NO_DATA = 0x200,
    SKIP = 0x400,
    NR_CONNECT = 0x1000,
    NR_HELO = 0x2000,
    NR_MAIL = 0x4000,
    NR_RCPT = 0x8000,
    NR_DATA = 0x10000,
    NR_EOH = 0x40000,
    NR_BODY = 0x80000,
    ALL_STEPS = 0xff7ff & ~0x20900, /* but for unknown commands and refused recipients, which we never tell */
};

/* ---- packets */

bool milter_take_packet(struct span *in, struct milter_packet *packet_out, bool *is_bad_out)
{
    uint32_t length;

    *is_bad_out = false;
    if (span_length(*in) < sizeof length)
        return false;
    memcpy(&length, in->p, sizeof length);
    length = ntohl(length);
    *is_bad_out = length == 0 || length > MILTER_PACKET_MAX;
    if (*is_bad_out || span_length(*in) - sizeof length < length)
        return false;
    packet_out->command = in->p[4];
    packet_out->data = span_of(in->p + 5, length - 1);
    in->p += sizeof length + length;
    return true;
}

static bool take_string(struct span *in, struct span *out)
{
    return span_take_until(in, '\0', out);
}

static char *printable(const void *owner, struct span text)
{
    char *copy = span_copy(owner, span_part(text, 0, MILTER_TEXT_MAX));

    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p > 126)
            *p = '?';
    return copy;
}

static bool is_field_name(struct span name)
{
    if (span_is_empty(name))
        return false;
    for (; name.p < name.end; name.p++)
        if (*name.p <= ' ' || *name.p > 126 || *name.p == ':')
            return false;
    return true;
}

/* 'h' name value, 'i' and 'm' with a number before them. */
static bool read_edit(const void *owner, char command, struct span data, struct milter_answer *answer)
{
    struct milter_edit *edit = &answer->edits[answer->edit_count];
    struct span name, value;
    uint32_t index = 0;

    if (command != 'h') {
        if (span_length(data) < sizeof index)
            return false;
        memcpy(&index, data.p, sizeof index);
        index = ntohl(index);
        data.p += sizeof index;
    }
    if (!take_string(&data, &name) || !take_string(&data, &value) || !is_field_name(name) ||
        answer->edit_count == MILTER_EDITS_MAX)
        return false;
    *edit = (struct milter_edit){ .name = span_copy(owner, name),
                                  .value = span_is_empty(value) ? NULL : span_copy(owner, value),
                                  .index = command == 'm' ? (index ? index : 1) : 0 };
    answer->edit_count += command == 'm' || edit->value;
    return true;
}

/* "550 5.7.1 words": the class counts, the words are passed on. */
static bool read_reply(const void *owner, struct span data, struct milter_answer *answer)
{
    struct span text, rest;
    uint32_t code, part;

    if (!take_string(&data, &text) || !span_take_u32(&text, &code) || code < 400 || code > 599)
        return false;
    answer->action = code < 500 ? MILTER_LATER : MILTER_REFUSE;
    text = span_trim(text);
    rest = text;
    if (span_take_u32(&rest, &part) && span_take_byte(&rest, '.') && span_take_u32(&rest, &part) &&
        span_take_byte(&rest, '.') && span_take_u32(&rest, &part))
        text = span_trim(rest); /* our enhanced code stands there */
    answer->text = span_is_empty(text) ? NULL : printable(owner, text);
    return true;
}

static bool end(struct milter_answer *answer, enum milter_action action, bool *is_end)
{
    answer->action = action;
    *is_end = true;
    return true;
}

bool milter_read(const void *owner, const struct milter_packet *packet, struct milter_answer *answer,
                 bool *is_end_out)
{
    *is_end_out = false;
    switch (packet->command) {
    case 'c': /* continue */
    case 'p': /* still at work */
    case 's': /* no more of the body */
        return true;
    case 'a':
        *is_end_out = true;
        return true;
    case 'r':
        return end(answer, MILTER_REFUSE, is_end_out);
    case 't':
    case 'f': /* shuts down */
        return end(answer, MILTER_LATER, is_end_out);
    case 'd':
        return end(answer, MILTER_QUARANTINE, is_end_out);
    case 'y':
        *is_end_out = true;
        return read_reply(owner, packet->data, answer);
    case 'q':
        answer->action = MILTER_QUARANTINE;
        return true;
    case 'h':
    case 'i':
    case 'm':
        return read_edit(owner, packet->command, packet->data, answer);
    default:
        return false;
    }
}

/* ---- the conversation */

struct talk {
    const void *owner;
    struct wire *wire;
    struct buf in;
    size_t used;
    uint32_t steps; /* as negotiated */
    struct milter_answer *answer;
    bool is_over, is_skipping;
    const struct milter_question *q;
};

static bool no_sense(struct err *err, const char *what)
{
    err_log(err, "milter: %s", what);
    return err_set(err, ERR_INTERNAL, "A filter of this server does not make sense just now.");
}

static bool send_packet(struct talk *talk, char command, const struct buf *data, struct err *err)
{
    struct buf out = BUF_INIT(talk->in.owner);
    uint32_t length = htonl((uint32_t)(data ? data->length : 0) + 1);

    buf_add(&out, &length, sizeof length);
    buf_add_byte(&out, command);
    if (data && data->length)
        buf_add(&out, data->p, data->length);
    return wire_send(talk->wire, buf_span(&out), err);
}

static bool next_packet(struct talk *talk, struct milter_packet *packet, struct err *err)
{
    for (;;) {
        struct span in = talk->in.p ? span_part(buf_span(&talk->in), talk->used, SIZE_MAX) : span_text("");
        size_t before = talk->in.length;
        bool is_bad;

        if (milter_take_packet(&in, packet, &is_bad)) {
            talk->used = talk->in.length - span_length(in);
            return true;
        }
        if (is_bad)
            return no_sense(err, "a packet of impossible length");
        if (talk->used == talk->in.length) {
            buf_clear(&talk->in);
            talk->used = before = 0;
        }
        if (!wire_receive(talk->wire, &talk->in, 2 * MILTER_PACKET_MAX, err))
            return false;
        if (talk->in.length == before)
            return no_sense(err, "it closed the connection");
    }
}

/* Reads until a word that answers this step; at the end of the message edits come before it. */
static bool hear(struct talk *talk, struct err *err)
{
    struct milter_packet packet;

    do {
        if (!next_packet(talk, &packet, err))
            return false;
        if (!milter_read(talk->owner, &packet, talk->answer, &talk->is_over))
            return no_sense(err, "a packet that the protocol does not know");
        talk->is_skipping = talk->is_skipping || packet.command == 's';
    } while (!talk->is_over && !strchr("cs", packet.command));
    return true;
}

/* One step, unless the milter declined it or the matter is decided. */
static bool step(struct talk *talk, char command, const struct buf *data, uint32_t declined, uint32_t silent,
                 struct err *err)
{
    if (talk->is_over || (talk->steps & declined))
        return true;
    return send_packet(talk, command, data, err) && ((talk->steps & silent) || hear(talk, err));
}

static void add_u32(struct buf *out, uint32_t value)
{
    value = htonl(value);
    buf_add(out, &value, sizeof value);
}

static uint32_t get_u32(struct span data, size_t offset)
{
    uint32_t value;

    memcpy(&value, data.p + offset, sizeof value);
    return ntohl(value);
}

static bool negotiate(struct talk *talk, struct err *err)
{
    struct buf data = BUF_INIT(talk->in.owner);
    struct milter_packet packet;

    add_u32(&data, VERSION);
    add_u32(&data, ADD_HEADERS | CHANGE_HEADERS | QUARANTINE);
    add_u32(&data, ALL_STEPS);
    if (!send_packet(talk, 'O', &data, err) || !next_packet(talk, &packet, err))
        return false;
    if (packet.command != 'O' || span_length(packet.data) < 12)
        return no_sense(err, "no negotiation");
    if (get_u32(packet.data, 0) < LEAST_VERSION || get_u32(packet.data, 0) > VERSION)
        return no_sense(err, "a version that we do not speak");
    talk->steps = get_u32(packet.data, 8) & ALL_STEPS;
    return true;
}

static void add_string(struct buf *out, const char *text)
{
    buf_add(out, text, strlen(text) + 1);
}

static bool send_macros(struct talk *talk, char command, const char *const *pairs, struct err *err)
{
    struct buf data = BUF_INIT(talk->in.owner);

    buf_add_byte(&data, command);
    for (; pairs[0]; pairs += 2)
        if (pairs[1]) {
            add_string(&data, pairs[0]);
            add_string(&data, pairs[1]);
        }
    return talk->is_over || send_packet(talk, 'D', &data, err);
}

static bool tell_connection(struct talk *talk, struct err *err)
{
    const struct milter_question *q = talk->q;
    const char *const macros[] = { "j", q->host_name, "{daemon_name}", "chappe", NULL };
    struct buf data = BUF_INIT(talk->in.owner), helo = BUF_INIT(talk->in.owner);
    uint16_t port = htons(q->peer->port);

    add_string(&data, talloc_asprintf(data.owner, "[%s]", q->peer->is_local ? "localhost" : q->peer_text));
    buf_add_byte(&data, q->peer->is_local ? 'U' : net_is_ipv4(q->peer) ? '4' : '6');
    if (!q->peer->is_local) {
        buf_add(&data, &port, sizeof port);
        add_string(&data, q->peer_text);
    }
    add_string(&helo, q->helo ? q->helo : "unknown");
    return send_macros(talk, 'C', macros, err) && step(talk, 'C', &data, NO_CONNECT, NR_CONNECT, err) &&
           step(talk, 'H', &helo, NO_HELO, NR_HELO, err);
}

static bool tell_envelope(struct talk *talk, struct err *err)
{
    const struct milter_question *q = talk->q;
    const char *const macros[] = { "i", q->id, "{auth_authen}", q->login, "{mail_addr}", q->sender, NULL };
    struct buf data = BUF_INIT(talk->in.owner);

    add_string(&data, talloc_asprintf(data.owner, "<%s>", q->sender));
    if (!send_macros(talk, 'M', macros, err) || !step(talk, 'M', &data, NO_MAIL, NR_MAIL, err))
        return false;
    for (size_t i = 0; i < q->recipient_count; i++) {
        buf_clear(&data);
        add_string(&data, talloc_asprintf(data.owner, "<%s>", q->recipients[i]));
        if (!step(talk, 'R', &data, NO_RCPT, NR_RCPT, err))
            return false;
    }
    return step(talk, 'T', NULL, NO_DATA, NR_DATA, err);
}

static bool tell_header(struct talk *talk, struct span header, struct err *err)
{
    struct buf data = BUF_INIT(talk->in.owner);
    struct header_field field;

    while (header_next(&header, &field)) {
        struct span value = field.value;

        buf_clear(&data);
        buf_add_span(&data, field.name);
        buf_add_byte(&data, '\0');
        if (!span_is_empty(value) && *value.p == ' ')
            value.p++;
        for (; value.p < value.end; value.p++) /* folded with LF alone, as libmilter gives it out */
            if (*value.p != '\r' && *value.p)
                buf_add_byte(&data, *value.p);
        buf_add_byte(&data, '\0');
        if (!step(talk, 'L', &data, NO_HEADERS, NR_HEADER, err))
            return false;
    }
    return step(talk, 'N', NULL, NO_EOH, NR_EOH, err);
}

static bool tell_body(struct talk *talk, struct span body, struct err *err)
{
    struct buf data = BUF_INIT(talk->in.owner);

    while (!span_is_empty(body) && !talk->is_skipping && !talk->is_over && !(talk->steps & NO_BODY)) {
        struct span part = span_part(body, 0, MILTER_BODY_BYTES);

        buf_clear(&data);
        buf_add_span(&data, part);
        if (!step(talk, 'B', &data, NO_BODY, NR_BODY, err))
            return false;
        body.p = part.end;
    }
    return step(talk, 'E', NULL, 0, 0, err);
}

bool milter_check(const void *owner, struct dns *dns, const char *where,
                  const struct milter_question *question, int64_t deadline_us,
                  struct milter_answer *answer_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct talk talk = { .owner = owner, .in = BUF_INIT(scratch), .answer = answer_out, .q = question };
    struct span header = span_of(question->message.p, header_block_length(question->message));
    struct err ignored = ERR_INIT;
    bool ok;

    *answer_out = (struct milter_answer){ .action = MILTER_ACCEPT };
    ok = wire_open(scratch, dns, where, deadline_us, &talk.wire, err) && negotiate(&talk, err) &&
         tell_connection(&talk, err) && tell_envelope(&talk, err) && tell_header(&talk, header, err) &&
         tell_body(&talk, (struct span){ header.end, question->message.end }, err);
    if (ok && !send_packet(&talk, 'Q', NULL, &ignored))
        ignored.kind = ERR_NONE; /* it has answered: how it takes leave does not matter */
    talloc_free(scratch);
    return ok;
}
