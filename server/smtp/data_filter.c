#include "smtp/data_filter.h"

void data_filter_init(struct data_filter *filter, bool normalises, data_sink *sink, void *arg)
{
    *filter =
        (struct data_filter){ .state = DATA_LINE_START, .normalises = normalises, .sink = sink, .arg = arg };
}

void text_filter_init(struct data_filter *filter, bool normalises, data_sink *sink, void *arg)
{
    data_filter_init(filter, normalises, sink, arg);
    filter->is_text = true;
    filter->state = DATA_MIDDLE;
}

static bool emit(struct data_filter *filter, const char *from, const char *to)
{
    return from == to || filter->sink(filter->arg, (struct span){ from, to });
}

static bool emit_text(struct data_filter *filter, const char *text)
{
    return filter->sink(filter->arg, span_text(text));
}

/* A CR or LF that is not part of CRLF has been met; the line goes on, or is ended by our own hand. */
static bool bare(struct data_filter *filter, unsigned flaw, const char *as_sent)
{
    filter->flaws |= flaw;
    filter->state = DATA_MIDDLE;
    return emit_text(filter, filter->normalises ? "\r\n" : as_sent);
}

static void line_ended(struct data_filter *filter)
{
    filter->state = filter->is_text ? DATA_MIDDLE : DATA_LINE_START;
}

/* Settles what was held back over the edge of a buffer, with the next byte in view. */
static bool settle_held(struct data_filter *filter, struct span *in)
{
    char next = *in->p;

    switch (filter->state) {
    case DATA_LINE_START:
        if (next == '.') {
            filter->state = DATA_DOT;
            in->p++;
        } else {
            filter->state = DATA_MIDDLE;
        }
        return true;
    case DATA_DOT:
        if (next == '\r') {
            filter->state = DATA_DOT_CR;
            in->p++;
            return true;
        }
        filter->state = DATA_MIDDLE;
        return next != '\n' || emit_text(filter, "."); /* ".LF" is a line of its own, its dot content */
    case DATA_DOT_CR:
        if (next == '\n') {
            filter->state = DATA_ENDED;
            in->p++;
            return true;
        }
        return emit_text(filter, ".") && bare(filter, DATA_BARE_CR, "\r");
    case DATA_CR:
        if (next == '\n') {
            line_ended(filter);
            in->p++;
            return emit_text(filter, "\r\n");
        }
        return bare(filter, DATA_BARE_CR, "\r");
    case DATA_MIDDLE:
    case DATA_ENDED:
        break;
    }
    return true;
}

/* The run of bytes from *in that goes out unchanged: whole lines without a leading dot, and the start of the next.
 * Stops at a leading dot, a bare CR or LF, or the end; `state` tells which follows. */
static const char *run_end(struct data_filter *filter, struct span in)
{
    const char *p = in.p;

    while (p < in.end) {
        const char *lf = memchr(p, '\n', (size_t)(in.end - p));
        const char *stop = lf ? lf : in.end;
        const char *cr = memchr(p, '\r', (size_t)(stop - p));

        if (cr && cr + 1 != lf)
            return cr; /* bare, or the last byte in view */
        if (!lf)
            return in.end;
        if (!cr)
            return lf;
        p = lf + 1;
        if (!filter->is_text && (p == in.end || *p == '.')) {
            filter->state = DATA_LINE_START;
            return p;
        }
    }
    return p;
}

bool data_filter_feed(struct data_filter *filter, struct span *in)
{
    const char *start = in->p;

    while (in->p < in->end && filter->state != DATA_ENDED) {
        const char *end;

        if (filter->state != DATA_MIDDLE) {
            if (!settle_held(filter, in))
                return false;
            continue;
        }
        end = run_end(filter, *in);
        if (!emit(filter, in->p, end))
            return false;
        in->p = end;
        if (filter->state != DATA_MIDDLE || end == in->end)
            continue;
        in->p++;
        if (*end == '\r')
            filter->state = DATA_CR;
        else if (!bare(filter, DATA_BARE_LF, "\n"))
            return false;
    }
    if (memchr(start, '\0', (size_t)(in->p - start)))
        filter->flaws |= DATA_NUL;
    return true;
}

bool data_filter_finish(struct data_filter *filter)
{
    return filter->state != DATA_CR || bare(filter, DATA_BARE_CR, "\r");
}
