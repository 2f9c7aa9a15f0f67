-- Where a mailing list's past mail can be read: an http, https or mailto address for List-Archive (RFC 2369, 3.6).
ALTER TABLE list ADD COLUMN archive text;
