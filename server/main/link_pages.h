/*
 * link_pages.h -- pages for people who follow a link in a mail: /l/TOKEN.
 *
 * GET asks, whatever token it is given, and changes nothing: programs follow links, too. POST does it. Who has a token may do what
 * it says and learns no more: a token that is none, or over, and an act that was done already look the same. French or English,
 * by Accept-Language. Somebody who tries many is made to wait.
 *
 * Threads  any.
 */
#ifndef MAIN_LINK_PAGES_H
#define MAIN_LINK_PAGES_H

#include "http/server.h"
#include "main/config.h"

struct accept;
struct directory;

struct link_pages;
/* All that is given must live longer. */
struct link_pages *link_pages_new(const void *owner, struct directory *directory, struct accept *accept);
/* Is it the path of such a page? */
bool link_pages_has(const char *path);
/* Of a web role whose CSP allows forms to itself. */
void link_pages_answer(struct link_pages *pages, const struct config *config,
                       const struct http_request *request, struct http_reply *reply);

/* "https://mail.example.org:8443": where links lead. Under `owner`. */
char *link_base(const void *owner, const struct config *config);

#endif
