-- Letters that were promised. States and transitions: docs/outbox.md.
-- due_at says when the row may next be taken: for a pending row when it is due, for a leased one when the lease ends.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('reset_link', 'password_changed')),
    address TEXT COLLATE NOCASE,
    language TEXT,
    device TEXT,
    user_id INTEGER,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'leased', 'failed')),
    recorded_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    lease_token TEXT,
    last_reason TEXT,
    CHECK ((kind = 'reset_link') = (address IS NOT NULL)),
    CHECK ((kind = 'password_changed') = (user_id IS NOT NULL)),
    CHECK ((state = 'leased') = (lease_token IS NOT NULL))
) STRICT;

-- Whose turn it is, oldest first.
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state <> 'failed';
-- All requests of one address, for one letter.
CREATE INDEX outbox_address ON outbox (address) WHERE address IS NOT NULL;
-- What an operator looks at, and what is pruned.
CREATE INDEX outbox_failed ON outbox (id) WHERE state = 'failed';

-- What became of each letter. user_id is empty where the address had no account; those lines are written all the same.
CREATE TABLE mail_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    user_id INTEGER,
    kind TEXT NOT NULL CHECK (kind IN ('reset_link', 'password_changed')),
    outcome TEXT NOT NULL,
    detail TEXT
) STRICT;

CREATE INDEX mail_log_user ON mail_log (user_id, at);
-- Lines that no budget counts: bounded in number, the delivered ones only in age.
CREATE INDEX mail_log_undelivered ON mail_log (id) WHERE outcome <> 'delivered';

-- One row, written to find out whether writing works.
CREATE TABLE write_probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    writes INTEGER NOT NULL
) STRICT;
INSERT INTO write_probe (id, writes) VALUES (1, 0);
