-- The tables of the ledger, the plugin that exists only for tests: books hold accounts, accounts hold entries.

-- Books. entries and total are computed from their accounts.
CREATE TABLE ledger_books (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    title TEXT,
    opened_at TEXT,
    tags TEXT,
    entries INTEGER,
    total INTEGER,
    -- kept by the store
    origin INTEGER REFERENCES origins(id),
    origin_start INTEGER,
    origin_end INTEGER,
    origin_pointer TEXT,
    version TEXT NOT NULL DEFAULT '',
    version_hash BLOB NOT NULL DEFAULT x'',
    first_order TEXT,
    scope INTEGER REFERENCES scopes(id),
    seen TEXT,
    batch INTEGER
);

CREATE VIRTUAL TABLE ledger_books_fts USING fts5(
    title, tags, content = 'ledger_books', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER ledger_books_ai AFTER INSERT ON ledger_books BEGIN
    INSERT INTO ledger_books_fts(rowid, title, tags) VALUES (new.id, new.title, new.tags);
END;
CREATE TRIGGER ledger_books_ad AFTER DELETE ON ledger_books BEGIN
    INSERT INTO ledger_books_fts(ledger_books_fts, rowid, title, tags) VALUES ('delete', old.id, old.title, old.tags);
END;
CREATE TRIGGER ledger_books_au AFTER UPDATE OF id, title, tags ON ledger_books BEGIN
    INSERT INTO ledger_books_fts(ledger_books_fts, rowid, title, tags) VALUES ('delete', old.id, old.title, old.tags);
    INSERT INTO ledger_books_fts(rowid, title, tags) VALUES (new.id, new.title, new.tags);
END;

-- Accounts. entries, total and labels are computed from their entries, mates from entries of other accounts at the same
-- places; labels can be searched.
CREATE TABLE ledger_accounts (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    title TEXT,
    summary TEXT,
    opened_at TEXT,
    book_id INTEGER REFERENCES ledger_books(id) ON DELETE SET NULL,
    tags TEXT,
    entries INTEGER,
    total INTEGER,
    labels TEXT,
    mates INTEGER,
    -- kept by the store
    origin INTEGER REFERENCES origins(id),
    origin_start INTEGER,
    origin_end INTEGER,
    origin_pointer TEXT,
    version TEXT NOT NULL DEFAULT '',
    version_hash BLOB NOT NULL DEFAULT x'',
    first_order TEXT,
    scope INTEGER REFERENCES scopes(id),
    seen TEXT,
    batch INTEGER
);
CREATE INDEX ledger_accounts_by_book ON ledger_accounts(book_id);

CREATE VIRTUAL TABLE ledger_accounts_fts USING fts5(
    title, summary, labels, tags, content = 'ledger_accounts', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER ledger_accounts_ai AFTER INSERT ON ledger_accounts BEGIN
    INSERT INTO ledger_accounts_fts(rowid, title, summary, labels, tags) VALUES (new.id, new.title, new.summary, new.labels, new.tags);
END;
CREATE TRIGGER ledger_accounts_ad AFTER DELETE ON ledger_accounts BEGIN
    INSERT INTO ledger_accounts_fts(ledger_accounts_fts, rowid, title, summary, labels, tags) VALUES ('delete', old.id, old.title, old.summary, old.labels, old.tags);
END;
CREATE TRIGGER ledger_accounts_au AFTER UPDATE OF id, title, summary, labels, tags ON ledger_accounts BEGIN
    INSERT INTO ledger_accounts_fts(ledger_accounts_fts, rowid, title, summary, labels, tags) VALUES ('delete', old.id, old.title, old.summary, old.labels, old.tags);
    INSERT INTO ledger_accounts_fts(rowid, title, summary, labels, tags) VALUES (new.id, new.title, new.summary, new.labels, new.tags);
END;

-- Entries. note is the person's own; place is the number of a text. The checks and the unique serial are there to be broken.
CREATE TABLE ledger_entries (
    id INTEGER PRIMARY KEY,
    entry TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    body TEXT,
    amount INTEGER CHECK (amount IS NOT 13),
    ratio REAL,
    serial INTEGER UNIQUE,
    made_at TEXT,
    time_source TEXT,
    offset_seconds INTEGER,
    low INTEGER,
    high INTEGER,
    first_body TEXT,
    flags TEXT,
    note TEXT,
    account_id INTEGER REFERENCES ledger_accounts(id) ON DELETE SET NULL,
    peer_id INTEGER REFERENCES ledger_entries(id) ON DELETE SET NULL,
    account_found TEXT,
    place INTEGER,
    file_path TEXT,
    tags TEXT,
    -- kept by the store
    origin INTEGER REFERENCES origins(id),
    origin_start INTEGER,
    origin_end INTEGER,
    origin_pointer TEXT,
    version TEXT NOT NULL DEFAULT '',
    version_hash BLOB NOT NULL DEFAULT x'',
    first_order TEXT,
    scope INTEGER REFERENCES scopes(id),
    seen TEXT,
    batch INTEGER,
    CHECK (low IS NULL OR high IS NULL OR high - low < 1000)
);
CREATE INDEX ledger_entries_by_account ON ledger_entries(account_id);
CREATE INDEX ledger_entries_by_peer ON ledger_entries(peer_id);
CREATE INDEX ledger_entries_by_place ON ledger_entries(place);

CREATE VIRTUAL TABLE ledger_entries_fts USING fts5(
    label, body, note, tags, content = 'ledger_entries', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER ledger_entries_ai AFTER INSERT ON ledger_entries BEGIN
    INSERT INTO ledger_entries_fts(rowid, label, body, note, tags) VALUES (new.id, new.label, new.body, new.note, new.tags);
END;
CREATE TRIGGER ledger_entries_ad AFTER DELETE ON ledger_entries BEGIN
    INSERT INTO ledger_entries_fts(ledger_entries_fts, rowid, label, body, note, tags) VALUES ('delete', old.id, old.label, old.body, old.note, old.tags);
END;
CREATE TRIGGER ledger_entries_au AFTER UPDATE OF id, label, body, note, tags ON ledger_entries BEGIN
    INSERT INTO ledger_entries_fts(ledger_entries_fts, rowid, label, body, note, tags) VALUES ('delete', old.id, old.label, old.body, old.note, old.tags);
    INSERT INTO ledger_entries_fts(rowid, label, body, note, tags) VALUES (new.id, new.label, new.body, new.note, new.tags);
END;

-- Pairs of units of one size: what `relate` finds, replaced as a set.
CREATE TABLE ledger_pairs (
    id INTEGER PRIMARY KEY,
    one TEXT NOT NULL,
    other TEXT NOT NULL,
    found_at TEXT NOT NULL,
    -- kept by the store
    origin INTEGER REFERENCES origins(id),
    origin_start INTEGER,
    origin_end INTEGER,
    origin_pointer TEXT,
    version TEXT NOT NULL DEFAULT '',
    version_hash BLOB NOT NULL DEFAULT x'',
    first_order TEXT,
    scope INTEGER REFERENCES scopes(id),
    seen TEXT,
    batch INTEGER,
    UNIQUE (one, other)
);

-- Samples: a series. A negative count is refused.
CREATE TABLE ledger_sample_rows (
    time INTEGER NOT NULL,
    device INTEGER NOT NULL,
    name INTEGER NOT NULL,
    value NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 0),
    extra TEXT NOT NULL,
    origin INTEGER NOT NULL,
    origin_start INTEGER NOT NULL,
    PRIMARY KEY (time, device, name, value, count, extra)
) WITHOUT ROWID;

CREATE VIEW ledger_samples AS
SELECT
    (s.origin << 40) + s.origin_start AS id,
    s.time AS time,
    (SELECT value FROM texts WHERE id = s.device) AS device,
    (SELECT value FROM texts WHERE id = s.name) AS name,
    CASE typeof(s.value)
        WHEN 'integer' THEN s.value / 1000.0
        WHEN 'real' THEN s.value
        ELSE CAST(nullif(s.value, '') AS REAL)
    END AS value,
    nullif(s.count, '') AS count,
    nullif(s.extra, '') AS extra
FROM ledger_sample_rows AS s;

CREATE VIEW derive_ledger_accounts AS
SELECT
    a.id AS id,
    (SELECT count(*) FROM ledger_entries AS e WHERE e.account_id = a.id) AS entries,
    (SELECT sum(e.amount) FROM ledger_entries AS e WHERE e.account_id = a.id) AS total,
    (SELECT group_concat(label, ' ') FROM
        (SELECT e.label AS label FROM ledger_entries AS e WHERE e.account_id = a.id ORDER BY e.entry)) AS labels,
    (SELECT count(*) FROM ledger_entries AS e JOIN ledger_entries AS o ON o.place = e.place
        WHERE e.account_id = a.id AND o.account_id != a.id) AS mates
FROM ledger_accounts AS a;

-- The accounts that have an entry at the place of an entry.
CREATE VIEW ledger_entry_mates AS
SELECT e.id AS id, o.account_id AS owner FROM ledger_entries AS e JOIN ledger_entries AS o ON o.place = e.place;

CREATE VIEW derive_ledger_books AS
SELECT
    b.id AS id,
    (SELECT sum(a.entries) FROM ledger_accounts AS a WHERE a.book_id = b.id) AS entries,
    (SELECT sum(a.total) FROM ledger_accounts AS a WHERE a.book_id = b.id) AS total
FROM ledger_books AS b;
