/* kind.c -- two tables: media types, and the ends of file names for what is sent as application/octet-stream. */
#include "extract/extract.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *subtype; /* of application/ */
    enum extract_kind kind;
} types[] = {
    { "pdf", EXTRACT_PDF },
    { "x-pdf", EXTRACT_PDF },
    { "rtf", EXTRACT_RTF },
    { "x-rtf", EXTRACT_RTF },
    { "vnd.openxmlformats-officedocument.wordprocessingml.document", EXTRACT_OFFICE },
    { "vnd.openxmlformats-officedocument.wordprocessingml.template", EXTRACT_OFFICE },
    { "vnd.openxmlformats-officedocument.spreadsheetml.sheet", EXTRACT_OFFICE },
    { "vnd.openxmlformats-officedocument.spreadsheetml.template", EXTRACT_OFFICE },
    { "vnd.openxmlformats-officedocument.presentationml.presentation", EXTRACT_OFFICE },
    { "vnd.openxmlformats-officedocument.presentationml.slideshow", EXTRACT_OFFICE },
    { "vnd.ms-word.document.macroEnabled.12", EXTRACT_OFFICE },
    { "vnd.ms-excel.sheet.macroEnabled.12", EXTRACT_OFFICE },
    { "vnd.ms-powerpoint.presentation.macroEnabled.12", EXTRACT_OFFICE },
    { "vnd.oasis.opendocument.text", EXTRACT_OFFICE },
    { "vnd.oasis.opendocument.text-template", EXTRACT_OFFICE },
    { "vnd.oasis.opendocument.spreadsheet", EXTRACT_OFFICE },
    { "vnd.oasis.opendocument.spreadsheet-template", EXTRACT_OFFICE },
    { "vnd.oasis.opendocument.presentation", EXTRACT_OFFICE },
    { "vnd.oasis.opendocument.presentation-template", EXTRACT_OFFICE },
};

static const struct {
    const char *end;
    enum extract_kind kind;
} ends[] = {
    { ".pdf", EXTRACT_PDF },     { ".docx", EXTRACT_OFFICE }, { ".docm", EXTRACT_OFFICE },
    { ".dotx", EXTRACT_OFFICE }, { ".xlsx", EXTRACT_OFFICE }, { ".xlsm", EXTRACT_OFFICE },
    { ".xltx", EXTRACT_OFFICE }, { ".pptx", EXTRACT_OFFICE }, { ".pptm", EXTRACT_OFFICE },
    { ".ppsx", EXTRACT_OFFICE }, { ".odt", EXTRACT_OFFICE },  { ".ott", EXTRACT_OFFICE },
    { ".ods", EXTRACT_OFFICE },  { ".ots", EXTRACT_OFFICE },  { ".odp", EXTRACT_OFFICE },
    { ".otp", EXTRACT_OFFICE },  { ".rtf", EXTRACT_RTF },     { ".txt", EXTRACT_PLAIN },
    { ".csv", EXTRACT_PLAIN },   { ".md", EXTRACT_PLAIN },    { ".log", EXTRACT_PLAIN },
    { ".htm", EXTRACT_HTML },    { ".html", EXTRACT_HTML },
};

static enum extract_kind kind_of_name(const char *name)
{
    size_t length = name ? strlen(name) : 0;

    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        size_t end = strlen(ends[i].end);
        if (length > end && strcasecmp(name + length - end, ends[i].end) == 0)
            return ends[i].kind;
    }
    return EXTRACT_NOTHING;
}

enum extract_kind extract_kind_of(struct span type, struct span subtype, const char *file_name)
{
    if (span_equals_nocase(type, "text")) /* text/rtf is text for the mail reader, and none for a person */
        return span_equals_nocase(subtype, "rtf") ? EXTRACT_RTF : EXTRACT_NOTHING;
    if (!span_equals_nocase(type, "application"))
        return EXTRACT_NOTHING;
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (span_equals_nocase(subtype, types[i].subtype))
            return types[i].kind;
    return kind_of_name(file_name);
}
