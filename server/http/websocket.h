/*
 * websocket.h -- conversations over WebSocket (RFC 6455): many that are silent, few that work.
 *
 * One thread waits for all of them, reads and writes; a pool of threads calls the handlers, of one conversation one at a time. While a
 * handler works, or the client does not read what it was sent, nothing more is read of that client. A client that sends too many control
 * frames, does not answer pings, or takes nothing for WEBSOCKET_PATIENCE_S, is dropped.
 *
 * Threads  open and close from one thread; send, wake and end from any.
 */
#ifndef HTTP_WEBSOCKET_H
#define HTTP_WEBSOCKET_H

#include "http/server.h"

enum {
    WEBSOCKET_PING_S = 30, /* of silence */
    WEBSOCKET_PATIENCE_S = 60,
    WEBSOCKET_CONTROLS_MAX = 100, /* control frames of a client in WEBSOCKET_CONTROLS_S */
    WEBSOCKET_CONTROLS_S = 10,
    WEBSOCKET_UNREAD_MAX = 256 << 10 /* bytes; beyond it nothing new is begun */
};

struct websockets;
struct websocket;

struct websocket_handler {
    /* A text came. On a thread of the pool; may block. */
    void (*on_message)(void *argument, struct websocket *socket, struct span text);
    /* Somebody called websocket_wake(), or WEBSOCKET_PING_S have passed. The same. */
    void (*on_wake)(void *argument, struct websocket *socket);
    /* It is over, and nothing else is called any more; also where it never began. Must not block for long. */
    void (*on_end)(void *argument);
};

/* `threads`: of the pool; `most`: bytes of a message. ERR_INTERNAL: no thread, or no descriptor. */
MUST_CHECK bool websockets_open(unsigned threads, size_t most, struct websockets **websockets_out,
                                struct err *err);
/* All servers have ended. Accepts and sets NULL. */
void websockets_close(struct websockets **websockets);

/* Does this request want one (RFC 6455, 4.2.1), and speak this subprotocol? 0: yes; else the status that refuses it. */
unsigned websocket_verdict(const struct http_request *request, const char *subprotocol);
/* Begins it. `argument` is the handler's until on_end(). websocket_verdict() was 0. The socket that comes back lives until on_end() has
 * returned; it may be woken at once. */
struct websocket *websocket_begin(struct websockets *websockets, const struct http_request *request,
                                  struct http_reply *reply, const char *subprotocol,
                                  const struct websocket_handler *handler, void *argument);

/* Behind what was sent before. From handlers only. */
void websocket_send(struct websocket *socket, struct span text);
/* on_wake() is called soon, once however often. Does not wait. */
void websocket_wake(struct websocket *socket);
/* Says goodbye with this code (http/frame.h). From handlers only. */
void websocket_end(struct websocket *socket, unsigned code);

#endif
