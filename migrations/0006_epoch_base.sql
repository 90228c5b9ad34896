-- What holds for the whole store: one row.
-- epoch_base: an account's epoch is the larger of its own and this one. Raising it ends every open link of every account.
CREATE TABLE store (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch_base INTEGER NOT NULL DEFAULT 0 CHECK (epoch_base >= 0)
) STRICT;
INSERT INTO store (id) VALUES (1);

-- The highest epoch is found without reading every account; most accounts never had a link revoked.
CREATE INDEX users_reset_epoch ON users (reset_epoch) WHERE reset_epoch > 0;
