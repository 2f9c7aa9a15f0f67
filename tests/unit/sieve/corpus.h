/* corpus.h -- cases in text: a script, a message, and what is to be done with it. The form is told in corpus/README.md. */
#ifndef TEST_SIEVE_CORPUS_H
#define TEST_SIEVE_CORPUS_H

#include "base/buf.h"
#include "format/date.h"
#include "sieve/sieve.h"

#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>
#include <strings.h>
#include <talloc.h>

enum { CASE_LINES_MAX = 32, CASE_ADDRESSES_MAX = 8 };

struct include_case {
    const char *name;
    struct span script;
};

struct sieve_case {
    void *arena;
    const char *file, *title;
    const char *from, *to, *auth, *notify, *ret, *envid;
    const char *folders[CASE_LINES_MAX];
    size_t folder_count;
    struct {
        const char *folder, *use;
    } uses[CASE_LINES_MAX];
    size_t use_count;
    struct include_case includes[CASE_LINES_MAX];
    size_t include_count;
    const char *addresses[CASE_ADDRESSES_MAX];
    size_t address_count;
    bool is_marked;
    int64_t now_us;
    int spam, virus;
    struct span script, message, expected;
    struct buf *bytes; /* of all that is filed or sent, for "with" */
};

static inline char *case_lines(void *arena, struct span text)
{
    struct buf out = BUF_INIT(arena);
    struct span line;

    while (span_take_line(&text, &line)) {
        buf_add_span(&out, line);
        buf_add_text(&out, "\r\n");
    }
    return buf_text(&out);
}

static inline bool case_word(struct span *in, const char *word)
{
    struct span rest = *in;

    if (!span_take_word(&rest, word) || (!span_is_empty(rest) && *rest.p != ' '))
        return false;
    *in = span_trim(rest);
    return true;
}

static inline void case_setting(struct sieve_case *c, struct span line)
{
    struct span rest = line, word;
    const struct {
        const char *name;
        const char **where;
    } texts[] = { { "envelope from", &c->from }, { "envelope to", &c->to },
                  { "envelope auth", &c->auth }, { "envelope notify", &c->notify },
                  { "envelope ret", &c->ret },   { "envelope envid", &c->envid } };

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (case_word(&rest, texts[i].name)) {
            *texts[i].where = span_copy(c->arena, rest);
            return;
        }
    if (case_word(&rest, "folder")) {
        c->folders[c->folder_count++] = span_copy(c->arena, rest);
    } else if (case_word(&rest, "special")) {
        assert_true(span_take_until(&rest, ' ', &word));
        c->uses[c->use_count].use = span_copy(c->arena, word);
        c->uses[c->use_count++].folder = span_copy(c->arena, rest);
        c->folders[c->folder_count++] = span_copy(c->arena, rest);
    } else if (case_word(&rest, "address")) {
        c->addresses[c->address_count++] = span_copy(c->arena, rest);
    } else if (case_word(&rest, "now")) {
        assert_true(date_parse_utc(rest, &c->now_us));
    } else if (case_word(&rest, "spam")) {
        c->spam = atoi(span_copy(c->arena, rest));
    } else if (case_word(&rest, "virus")) {
        c->virus = atoi(span_copy(c->arena, rest));
    } else if (case_word(&rest, "marked")) {
        c->is_marked = true;
    } else if (!span_is_empty(span_trim(line)) && *line.p != '#') {
        fail_msg("%s: %s: unknown line \"%.*s\"", c->file, c->title, (int)span_length(line), line.p);
    }
}

/* A section "--- name" up to the next mark. */
static inline struct span case_section(struct span *in)
{
    struct span whole = *in, line, before = *in;

    while (span_take_line(in, &line)) {
        if (span_starts_nocase(line, "--- ") || span_starts_nocase(line, "=== ")) {
            *in = before;
            break;
        }
        before = *in;
    }
    return (struct span){ whole.p, before.p > in->p ? before.p : in->p };
}

static inline struct sieve_case case_standard(void *arena, const char *file)
{
    struct sieve_case c = { .arena = arena, .file = file, .title = "", .spam = -1 };

    c.from = "bob@example.net";
    c.to = "ada@example.org";
    (void)!date_parse_utc(span_text("2031-02-03T04:05:06Z"), &c.now_us);
    return c;
}

/* One case behind "=== title"; false at the end. `message`: where it has none of its own. */
static inline bool case_next(struct span *in, struct sieve_case *c, struct span *message)
{
    struct span line;
    bool is_in_case = false;

    while (span_take_line(in, &line)) {
        struct span rest = line;

        if (case_word(&rest, "===")) {
            if (is_in_case) {
                in->p = line.p;
                break;
            }
            is_in_case = true;
            c->title = span_copy(c->arena, rest);
        } else if (case_word(&rest, "---")) {
            struct span text = case_section(in);
            struct span copy = span_text(case_lines(c->arena, text));

            if (case_word(&rest, "script"))
                c->script = copy;
            else if (case_word(&rest, "message"))
                *(is_in_case ? &c->message : message) = copy;
            else if (case_word(&rest, "expect"))
                c->expected = copy;
            else if (case_word(&rest, "include"))
                c->includes[c->include_count++] = (struct include_case){ span_copy(c->arena, rest), copy };
        } else {
            case_setting(c, line);
        }
    }
    if (!c->message.p)
        c->message = *message;
    return is_in_case;
}

#endif
