/* extract.c -- a table of readers, the sink, and the two formats that need no reader of their own. */
#include "extract/extract.h"

#include "extract/formats.h"
#include "format/charset.h"
#include "format/text.h"

#include <assert.h>
#include <talloc.h>

static const char *const verdict_names[] = {
    [EXTRACT_DONE] = "done",           [EXTRACT_CUT] = "cut",         [EXTRACT_DAMAGED] = "damaged",
    [EXTRACT_ENCRYPTED] = "encrypted", [EXTRACT_SWOLLEN] = "swollen", [EXTRACT_UNREAD] = "unread",
    [EXTRACT_LATE] = "late",           [EXTRACT_KILLED] = "killed",
};
static_assert(COUNT_OF(verdict_names) == EXTRACT_VERDICTS, "every verdict has a name");

const char *extract_verdict_name(enum extract_verdict verdict)
{
    return verdict_names[verdict];
}

bool extract_sink_add(struct extract_sink *sink, struct span text)
{
    size_t room = sink->capacity - sink->length, length = span_length(text);

    if (sink->is_full)
        return false;
    if (length > room) {
        length = utf8_cut(text, room);
        sink->is_full = true;
    }
    if (length > 0)
        memcpy(sink->p + sink->length, text.p, length);
    sink->length += length;
    return !sink->is_full;
}

void extract_sink_break(struct extract_sink *sink, char byte)
{
    char last = sink->length > 0 ? sink->p[sink->length - 1] : '\n';

    if (last != byte && last != '\n')
        extract_sink_add(sink, span_of(&byte, 1));
}

static enum extract_verdict plain_text(struct span bytes, struct extract_sink *sink)
{
    struct buf text = BUF_INIT(talloc_new(NULL));

    (void)charset_add_utf8(&text, span_text(NULL), bytes, sink->capacity);
    bool is_all = extract_sink_add(sink, buf_span(&text)) && text.length < sink->capacity;
    talloc_free(text.owner);
    return is_all ? EXTRACT_DONE : EXTRACT_CUT;
}

static enum extract_verdict html_text(struct span bytes, struct extract_sink *sink)
{
    struct buf html = BUF_INIT(talloc_new(NULL)), text = BUF_INIT(html.owner);

    (void)charset_add_utf8(&html, span_text(NULL), bytes, TEXT_PART_MAX);
    html_add_text(&text, buf_span(&html), sink->capacity);
    bool is_all = extract_sink_add(sink, buf_span(&text));
    talloc_free(html.owner);
    return is_all ? EXTRACT_DONE : EXTRACT_CUT;
}

static enum extract_verdict (*const readers[EXTRACT_KINDS])(struct span bytes, struct extract_sink *sink) = {
    [EXTRACT_PDF] = pdf_text,     [EXTRACT_OFFICE] = office_text, [EXTRACT_RTF] = rtf_text,
    [EXTRACT_PLAIN] = plain_text, [EXTRACT_HTML] = html_text,     [EXTRACT_OPENPGP] = openpgp_text,
};

enum extract_verdict extract_text(enum extract_kind kind, struct span bytes, struct extract_sink *sink)
{
    enum extract_verdict verdict = readers[kind] ? readers[kind](bytes, sink) : EXTRACT_UNREAD;

    return verdict == EXTRACT_DONE && sink->is_full ? EXTRACT_CUT : verdict;
}

bool extract_prepare(void)
{
    return pdf_prepare();
}
