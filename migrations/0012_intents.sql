-- Changes of foreign accounts that are under way: one an account, and it locks the account until it has ended. The new hash is never
-- here, only a keyed digest of it. docs/integrate.md says how they end after a crash.
CREATE TABLE intents (
    user_id TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('reset', 'revoke')),
    email TEXT NOT NULL,
    language TEXT,
    digest_before BLOB NOT NULL,
    digest_after BLOB,
    deadline INTEGER NOT NULL
) STRICT;
CREATE INDEX intents_deadline ON intents (deadline);
