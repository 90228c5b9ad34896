-- An address whose domain has letters beyond ASCII, with that domain in A-labels (RFC 3492) and A to Z lowered; NULL for all others. The
-- program fills it in for the rows that are here. Not unique: twins that were here before both stay.
ALTER TABLE users ADD COLUMN email_key TEXT COLLATE NOCASE;
CREATE INDEX users_email_key ON users (email_key) WHERE email_key IS NOT NULL;

-- The first 16 bytes of the SHA-256 of the password hash that the last import brought, in hexadecimal digits: an import with --update tells by it whether the
-- app has changed the password since, also if the hash here is another one by now.
ALTER TABLE users ADD COLUMN import_digest TEXT;
