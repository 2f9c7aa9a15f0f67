/*
 * site.h -- a folder of files, served from memory.
 *
 * What is served is what stood in the folder when it was loaded: no path of a request ever reaches the file system. Beside
 * FILE, FILE.br and FILE.gz are the same compressed, for clients that take it. Files below assets/ carry a digest in their
 * name and may be kept for ever; all others are asked about each time, by ETag. Any other path is a place inside
 * the application, which index.html answers.
 *
 * Ownership  site_load() gives a talloc object under `owner`.
 * Threads    read-only once loaded.
 */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include "base/err.h"
#include "http/server.h"

struct site;

/* All files of the folder and the folders in it. ERR_NOT_FOUND where there is no index.html, ERR_LIMIT for more than
 * 1,000 files or 64 MiB, ERR_INTERNAL where one cannot be read. */
MUST_CHECK bool site_load(const void *owner, const char *folder, struct site **site_out, struct err *err);

/* GET and HEAD of `path`, which is relative to the site ("assets/index-x.js", ""); 404 and 405 otherwise. Adds the headers
 * that concern the file; those of the application (its policy) are the caller's. */
void site_answer(const struct site *site, const char *path, const struct http_request *request,
                 struct http_reply *reply);

/* What stands in the file of this name, for as long as the site is there; empty where there is none. */
struct span site_file(const struct site *site, const char *path);

/* Whether there is a file of this name, which is as in site_answer(). */
bool site_has(const struct site *site, const char *path);

#endif
