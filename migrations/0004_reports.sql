-- What the mail provider reported later about letters it had taken. Holds no address.
CREATE TABLE mail_reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The provider's: it may say the same twice.
    report_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('bounced', 'dropped', 'deferred')),
    at INTEGER NOT NULL,
    outbox_id INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE INDEX mail_reports_outbox ON mail_reports (outbox_id);

-- Which letter a line is about; empty in lines older than this.
ALTER TABLE mail_log ADD COLUMN outbox_id INTEGER;
-- Reports are about letters that were delivered to the provider.
CREATE INDEX mail_log_delivered ON mail_log (outbox_id) WHERE outcome = 'delivered';
