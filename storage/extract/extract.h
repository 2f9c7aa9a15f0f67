/*
 * extract.h -- the text of a document: what a person reads in it, as UTF-8, for the search.
 *
 * Documents are foreign. extract_text() runs in the process that calls it and trusts its budgets alone, so the server asks for
 * it in a child process only (extract/child.h) and reaches that over a socket (extract/service.h, extract/client.h).
 *
 *   PDF           poppler-glib, loaded when it is needed first
 *   Office        docx, xlsx, pptx (ISO/IEC 29500), odt, ods, odp (ISO/IEC 26300): XML in a ZIP, told apart by the names inside
 *   RTF           1.9
 *   text, HTML    of attachments whose type does not say that they are
 *
 * Threads  any; a sink belongs to one.
 */
#ifndef EXTRACT_EXTRACT_H
#define EXTRACT_EXTRACT_H

#include "base/span.h"

enum extract_kind {
    EXTRACT_NOTHING, /* not looked into */
    EXTRACT_PDF,
    EXTRACT_OFFICE,
    EXTRACT_RTF,
    EXTRACT_PLAIN,
    EXTRACT_HTML,
    EXTRACT_OPENPGP, /* a question, and no document: openpgp.h */
    EXTRACT_KINDS
};

/* By media type, where it tells, else by the end of the file's name (NULL: none). Text of any type is EXTRACT_NOTHING: it is
 * read without us. */
enum extract_kind extract_kind_of(struct span type, struct span subtype, const char *file_name);

/* What became of a document. Whatever it is, the text that was found so far stays. */
enum extract_verdict {
    EXTRACT_DONE,
    EXTRACT_CUT,       /* there is more text than is kept */
    EXTRACT_DAMAGED,   /* not what it says it is, or broken */
    EXTRACT_ENCRYPTED, /* needs a password */
    EXTRACT_SWOLLEN,   /* unpacks to more than a document may */
    EXTRACT_UNREAD,    /* its library is not on this machine */
    EXTRACT_LATE,      /* its time was over */
    EXTRACT_KILLED,    /* its process died: too much memory, or a forbidden call */
    EXTRACT_VERDICTS
};
/* "done", "damaged", ...: for logs and the database. Static. */
const char *extract_verdict_name(enum extract_verdict verdict);

enum {
    EXTRACT_TEXT_MAX = 1024 * 1024,          /* bytes of text kept of a document */
    EXTRACT_UNPACKED_MAX = 64 * 1024 * 1024, /* of all parts of one ZIP that are looked at */
    EXTRACT_ENTRIES_MAX = 10000,             /* of one ZIP */
};

/* Where text goes: memory of fixed size, so that it can be shared with another process. */
struct extract_sink {
    char *p;
    size_t length, capacity;
    bool is_full;
};
/* Adds text; what does not fit is left away at the end of a character, and is_full set. False from then on. */
bool extract_sink_add(struct extract_sink *sink, struct span text);
/* A line end or blank between words; none at the beginning, and not two of a kind in a row. */
void extract_sink_break(struct extract_sink *sink, char byte);

/* The text of a document of this kind. */
enum extract_verdict extract_text(enum extract_kind kind, struct span bytes, struct extract_sink *sink);
/* Loads what a child process could not load any more. False: PDFs will be EXTRACT_UNREAD. */
bool extract_prepare(void);

#endif
