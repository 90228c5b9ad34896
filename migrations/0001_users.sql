-- People. Times are whole milliseconds since 1970-01-01T00:00:00Z.
-- NOCASE lowers A to Z and nothing else: a look-alike letter makes another address.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL COLLATE NOCASE UNIQUE
        CHECK (length(CAST(email AS BLOB)) BETWEEN 3 AND 320 AND instr(email, char(0)) = 0),
    password_hash TEXT NOT NULL
        CHECK (password_hash <> '' AND instr(password_hash, char(0)) = 0),
    email_verified_at INTEGER,
    created_at INTEGER NOT NULL,
    password_changed_at INTEGER,
    reset_epoch INTEGER NOT NULL DEFAULT 0 CHECK (reset_epoch >= 0),
    disabled_at INTEGER
) STRICT;
