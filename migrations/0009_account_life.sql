-- Messages to many accounts that go out at a rate: each waits here, outside the outbox and its capacity, until it is its turn.
-- interval_ms: from one message to the next. An account has one of a kind.
CREATE TABLE mailings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    user_id TEXT NOT NULL,
    interval_ms INTEGER NOT NULL CHECK (interval_ms > 0),
    recorded_at INTEGER NOT NULL,
    UNIQUE (user_id, kind)
) STRICT;

-- When the next message of a mailing may go; empty if none went.
ALTER TABLE sending ADD COLUMN mailing_at INTEGER;

-- Which address a message goes to if not to the account's own: the one that the account had before.
ALTER TABLE outbox ADD COLUMN recipient TEXT;
-- How many messages of mailings wait in the outbox: they take no seat of its capacity.
CREATE INDEX outbox_mailings ON outbox (id) WHERE kind = 'password_expired' AND state <> 'failed';

-- Part of what a session token is signed over if it is not 0: raised if all sessions end although the password may stay.
ALTER TABLE users ADD COLUMN session_epoch INTEGER NOT NULL DEFAULT 0 CHECK (session_epoch >= 0);
