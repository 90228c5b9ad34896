-- What happened to accounts, besides their letters: those stand in mail_log. Holds no address, token, password or hash.
-- user_id is empty where nobody has such an account; those lines are written all the same.
CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    user_id INTEGER,
    actor TEXT NOT NULL CHECK (actor IN ('visitor', 'operator'))
) STRICT;

CREATE INDEX audit_log_user ON audit_log (user_id, at);
-- What visitors bring about is bounded in number, each event by itself.
CREATE INDEX audit_log_event ON audit_log (event, id);

-- When the letter was asked for, or the password changed: an outcome tells both ends.
ALTER TABLE mail_log ADD COLUMN requested_at INTEGER;

-- All of it in one look. A letter that is tried again was asked for once.
CREATE VIEW audit_trail AS
SELECT at, user_id, event, actor, NULL AS detail FROM audit_log
UNION ALL
SELECT requested_at, user_id, 'requested', 'visitor', NULL FROM mail_log
WHERE kind = 'reset_link' AND outcome <> 'later' AND requested_at IS NOT NULL
UNION ALL
SELECT at, user_id,
    CASE outcome WHEN 'delivered' THEN 'mailed' WHEN 'later' THEN 'delayed' WHEN 'failed' THEN 'failed' ELSE 'skipped' END,
    'keyturn',
    kind || CASE WHEN outcome IN ('delivered', 'later', 'failed') THEN '' ELSE ': ' || outcome END
        || CASE WHEN detail IS NULL THEN '' ELSE ': ' || detail END
FROM mail_log;
