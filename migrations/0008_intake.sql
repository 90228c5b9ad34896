-- Ids of accounts are text everywhere but in our own table of users, and kinds are checked by the program: a new message or event needs
-- no new table. Reset requests are recorded in intake; the outbox has one open row an address.

-- Reset requests as they were recorded; the delivery worker looks their addresses up and empties it. No index but the key: recording
-- looks at no other row. AUTOINCREMENT: no id is used again, so two processes never take different requests for the same ones.
CREATE TABLE intake (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL COLLATE NOCASE,
    language TEXT,
    device TEXT,
    return_to TEXT,
    recorded_at INTEGER NOT NULL
) STRICT;

-- Messages that wait, are being delivered, or have failed. States and transitions: docs/outbox.md.
-- due_at says when the row may next be taken: for a pending row when it is due, for a leased one when the lease ends.
-- again_at is set if a request was recorded for the address of a leased row: the row waits again when the lease ends.
CREATE TABLE outbox_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    address TEXT COLLATE NOCASE,
    user_id TEXT,
    language TEXT,
    device TEXT,
    return_to TEXT,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'leased', 'failed')),
    recorded_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    answers_lost INTEGER NOT NULL DEFAULT 0 CHECK (answers_lost >= 0),
    requests INTEGER NOT NULL DEFAULT 1,
    again_at INTEGER,
    lease_token TEXT,
    last_reason TEXT,
    CHECK ((address IS NULL) = (user_id IS NOT NULL)),
    CHECK ((state = 'leased') = (lease_token IS NOT NULL))
) STRICT;

-- The open requests of an address become one row: the newest, as old as the oldest. Leases end: no process delivers during a migration.
INSERT INTO outbox_new (id, kind, address, user_id, language, device, state, recorded_at, due_at, attempts, answers_lost, requests, last_reason)
SELECT newest.id, newest.kind, newest.address, NULL, newest.language, newest.device, 'pending', joined.recorded_at, joined.due_at,
    joined.attempts, joined.answers_lost, joined.requests, newest.last_reason
FROM (
    SELECT MAX(id) AS id, MIN(recorded_at) AS recorded_at, CASE WHEN MAX(answers_lost) > 0 THEN MAX(due_at) ELSE MIN(CASE state WHEN 'leased' THEN recorded_at ELSE due_at END) END AS due_at,
        MAX(attempts) AS attempts, MAX(answers_lost) AS answers_lost, COUNT(*) AS requests
    FROM outbox WHERE address IS NOT NULL AND state <> 'failed' GROUP BY address
) AS joined JOIN outbox AS newest ON newest.id = joined.id;

INSERT INTO outbox_new (id, kind, address, user_id, language, device, state, recorded_at, due_at, attempts, answers_lost, last_reason)
SELECT id, kind, address, CAST(user_id AS TEXT), language, device, CASE state WHEN 'leased' THEN 'pending' ELSE state END, recorded_at,
    CASE state WHEN 'leased' THEN recorded_at ELSE due_at END, attempts, answers_lost, last_reason
FROM outbox WHERE address IS NULL OR state = 'failed';

-- Ids go on where they were: reports of the mail provider name them.
DELETE FROM sqlite_sequence WHERE name = 'outbox_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox_new', seq FROM sqlite_sequence WHERE name = 'outbox';
DROP TABLE outbox;
ALTER TABLE outbox_new RENAME TO outbox;

-- Those due longest come first.
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state <> 'failed';
-- One address, one open row: a fact of the table.
CREATE UNIQUE INDEX outbox_address ON outbox (address) WHERE address IS NOT NULL AND state <> 'failed';
-- What an operator looks at, and what is pruned.
CREATE INDEX outbox_failed ON outbox (id) WHERE state = 'failed';
-- What a reset drops.
CREATE INDEX outbox_failed_address ON outbox (address) WHERE address IS NOT NULL AND state = 'failed';

DROP VIEW audit_trail;

CREATE TABLE mail_log_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    user_id TEXT,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT,
    requested_at INTEGER,
    outbox_id INTEGER
) STRICT;
INSERT INTO mail_log_new (id, at, user_id, kind, outcome, detail, requested_at, outbox_id)
SELECT id, at, CAST(user_id AS TEXT), kind, outcome, detail, requested_at, outbox_id FROM mail_log;
DELETE FROM sqlite_sequence WHERE name = 'mail_log_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'mail_log_new', seq FROM sqlite_sequence WHERE name = 'mail_log';
DROP TABLE mail_log;
ALTER TABLE mail_log_new RENAME TO mail_log;
CREATE INDEX mail_log_user ON mail_log (user_id, at);
-- Lines that no budget counts: bounded in number, the others only in age.
CREATE INDEX mail_log_uncounted ON mail_log (id) WHERE outcome <> 'delivered' AND outcome <> 'answer_lost';
-- Reports are about messages that were delivered to the provider.
CREATE INDEX mail_log_delivered ON mail_log (outbox_id) WHERE outcome = 'delivered';

CREATE TABLE audit_log_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    user_id TEXT,
    actor TEXT NOT NULL
) STRICT;
INSERT INTO audit_log_new (id, at, event, user_id, actor)
SELECT id, at, event, CAST(user_id AS TEXT), actor FROM audit_log;
DELETE FROM sqlite_sequence WHERE name = 'audit_log_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'audit_log_new', seq FROM sqlite_sequence WHERE name = 'audit_log';
DROP TABLE audit_log;
ALTER TABLE audit_log_new RENAME TO audit_log;
CREATE INDEX audit_log_user ON audit_log (user_id, at);
-- Lines that clients bring about are bounded in number, each event by itself.
CREATE INDEX audit_log_event ON audit_log (event, id);

-- All of it in one look. A message that is tried again was asked for once.
CREATE VIEW audit_trail AS
SELECT at, user_id, event, actor, NULL AS detail FROM audit_log
UNION ALL
SELECT requested_at, user_id, 'requested', 'visitor', NULL FROM mail_log
WHERE kind = 'reset_link' AND outcome NOT IN ('later', 'answer_lost') AND requested_at IS NOT NULL
UNION ALL
SELECT at, user_id,
    CASE outcome WHEN 'delivered' THEN 'mailed' WHEN 'later' THEN 'delayed' WHEN 'answer_lost' THEN 'delayed'
        WHEN 'failed' THEN 'failed' ELSE 'skipped' END,
    'keyturn',
    kind || CASE WHEN outcome IN ('delivered', 'later', 'answer_lost', 'failed') THEN '' ELSE ': ' || outcome END
        || CASE WHEN detail IS NULL THEN '' ELSE ': ' || detail END
FROM mail_log;

CREATE TABLE webhooks_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL,
    event TEXT NOT NULL,
    user_id TEXT,
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
INSERT INTO webhooks_new (id, message_id, event, user_id, cause, state, happened_at, recorded_at, due_at, attempts, lease_token, last_reason)
SELECT id, message_id, event, CAST(user_id AS TEXT), cause, state, happened_at, recorded_at, due_at, attempts, lease_token, last_reason
FROM webhooks;
DELETE FROM sqlite_sequence WHERE name = 'webhooks_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'webhooks_new', seq FROM sqlite_sequence WHERE name = 'webhooks';
DROP TABLE webhooks;
ALTER TABLE webhooks_new RENAME TO webhooks;
CREATE INDEX webhooks_due ON webhooks (due_at, id) WHERE state <> 'failed' AND user_id IS NOT NULL;
-- Those that name no account are sent to no app.
CREATE INDEX webhooks_no_account ON webhooks (id) WHERE user_id IS NULL;
CREATE INDEX webhooks_failed ON webhooks (id) WHERE state = 'failed';

-- The app's own id of an account, and what an account may go through besides a reset.
ALTER TABLE users ADD COLUMN external_id TEXT;
ALTER TABLE users ADD COLUMN expired_at INTEGER;
ALTER TABLE users ADD COLUMN invited_until INTEGER;
CREATE UNIQUE INDEX users_external_id ON users (external_id) WHERE external_id IS NOT NULL;

-- What we keep about accounts of a foreign source; our own stand in users with all of it.
CREATE TABLE accounts (
    user_id TEXT PRIMARY KEY,
    reset_epoch INTEGER NOT NULL DEFAULT 0 CHECK (reset_epoch >= 0),
    disabled_at INTEGER,
    expired_at INTEGER,
    invited_until INTEGER,
    key_material BLOB,
    last_settled_digest BLOB
) STRICT;
