-- How many attempts handed the whole letter to the provider and got no answer. Rules: docs/outbox.md.
ALTER TABLE outbox ADD COLUMN answers_lost INTEGER NOT NULL DEFAULT 0 CHECK (answers_lost >= 0);

-- One row. refused_at: when the provider last refused the key or the sender; letters age from then on, at the earliest.
CREATE TABLE sending (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    refused_at INTEGER
) STRICT;
INSERT INTO sending (id, refused_at) VALUES (1, NULL);

-- Lines that no budget counts: bounded in number, the others only in age.
DROP INDEX mail_log_undelivered;
CREATE INDEX mail_log_uncounted ON mail_log (id) WHERE outcome <> 'delivered' AND outcome <> 'answer_lost';

-- A letter that is tried again was asked for once.
DROP VIEW audit_trail;
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
