/* pdf.c -- poppler-glib, loaded by name: it brings some thirty libraries, and only the role that reads documents shall have them in
 * its memory. Its calls are those of libpoppler-glib.so.8, whose interface is stable. */
#include "extract/formats.h"

#include <dlfcn.h>
#include <glib.h>
#include <string.h>

static const char library[] = "libpoppler-glib.so.8";
enum { ERROR_ENCRYPTED = 1 /* POPPLER_ERROR_ENCRYPTED */ };

struct calls {
    void *(*new_from_bytes)(GBytes *bytes, const char *password, GError **error);
    int (*page_count)(void *document);
    void *(*page)(void *document, int number);
    char *(*page_text)(void *page);
    char *(*title)(void *document);
    void (*unref)(void *object);
    GQuark (*error_domain)(void);
};
static const struct {
    const char *name;
    size_t offset;
} names[] = {
    { "poppler_document_new_from_bytes", offsetof(struct calls, new_from_bytes) },
    { "poppler_document_get_n_pages", offsetof(struct calls, page_count) },
    { "poppler_document_get_page", offsetof(struct calls, page) },
    { "poppler_page_get_text", offsetof(struct calls, page_text) },
    { "poppler_document_get_title", offsetof(struct calls, title) },
    { "g_object_unref", offsetof(struct calls, unref) },
    { "poppler_error_quark", offsetof(struct calls, error_domain) },
};

/* Written once by pdf_prepare(), before there are others who read them. */
static struct calls calls;
static bool is_loaded;

static bool load(void)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; handle && i < COUNT_OF(names); i++) {
        void *found = dlsym(handle, names[i].name);
        if (!found)
            return false;
        memcpy((char *)&calls + names[i].offset, &found, sizeof found);
    }
    return handle != NULL;
}

/* A page without anything: with it poppler and what it uses make their tables, which a child could not. */
static const char empty[] = "%PDF-1.4\n"
                            "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                            "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
                            "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
                            "trailer<</Root 1 0 R>>\n%%EOF\n";

bool pdf_prepare(void)
{
    GBytes *bytes;

    if (is_loaded || !load())
        return is_loaded;
    is_loaded = true;
    bytes = g_bytes_new_static(empty, sizeof empty - 1);
    /* Kept for good: with the last document poppler's tables would go. */
    void *document = calls.new_from_bytes(bytes, NULL, NULL);
    if (document && calls.page_count(document) > 0) {
        void *page = calls.page(document, 0);
        if (page)
            g_free(calls.page_text(page));
    }
    g_bytes_unref(bytes);
    return true;
}

static void add_title(void *document, struct extract_sink *sink)
{
    char *title = calls.title(document);

    extract_sink_add(sink, span_text(title));
    extract_sink_break(sink, '\n');
    g_free(title);
}

static void add_page(void *document, int number, struct extract_sink *sink)
{
    void *page = calls.page(document, number);
    char *text = page ? calls.page_text(page) : NULL;

    extract_sink_add(sink, span_text(text));
    extract_sink_break(sink, '\n');
    g_free(text);
    if (page)
        calls.unref(page);
}

enum extract_verdict pdf_text(struct span bytes, struct extract_sink *sink)
{
    GError *error = NULL;
    GBytes *shared;
    void *document;

    if (!pdf_prepare())
        return EXTRACT_UNREAD;
    shared = g_bytes_new_static(bytes.p, span_length(bytes));
    document = calls.new_from_bytes(shared, NULL, &error);
    g_bytes_unref(shared);
    if (!document) {
        bool is_encrypted = error && error->domain == calls.error_domain() && error->code == ERROR_ENCRYPTED;
        g_clear_error(&error);
        return is_encrypted ? EXTRACT_ENCRYPTED : EXTRACT_DAMAGED;
    }
    add_title(document, sink);
    int pages = calls.page_count(document);
    for (int i = 0; i < pages && !sink->is_full; i++)
        add_page(document, i, sink);
    calls.unref(document);
    return EXTRACT_DONE;
}
