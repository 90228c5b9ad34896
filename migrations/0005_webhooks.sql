-- What the app is to be told. A row is written in the transaction that does what it tells of; rules: docs/webhooks.md.
-- user_id is empty where a request named nobody: that row is written all the same, and told to nobody.
-- due_at says when the row may next be taken: for a pending row when it is due, for a leased one when the lease ends.
CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('password.changed', 'reset.requested', 'reset.failed', 'links.revoked')),
    user_id INTEGER,
    cause TEXT,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'leased', 'failed')),
    happened_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    lease_token TEXT,
    last_reason TEXT,
    CHECK ((state = 'leased') = (lease_token IS NOT NULL))
) STRICT;

-- Whose turn it is, oldest first.
CREATE INDEX webhooks_due ON webhooks (due_at, id) WHERE state <> 'failed' AND user_id IS NOT NULL;
-- What nobody is told.
CREATE INDEX webhooks_nobody ON webhooks (id) WHERE user_id IS NULL;
-- What an operator looks at, and what is pruned.
CREATE INDEX webhooks_failed ON webhooks (id) WHERE state = 'failed';
