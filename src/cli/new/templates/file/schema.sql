-- The tables of the plugin {{name}}. The mark behind the last column stands for the columns that the store keeps
-- in every table of rows: where a row came from, its version, the batch that wrote it.
CREATE TABLE {{table}} (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,  -- BLAKE3 of the file
    filename TEXT NOT NULL,
    at TEXT NOT NULL,           -- UTC
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    file_path TEXT,             -- below the data folder
    tags TEXT
    /* kept by the store */
);
CREATE INDEX {{table}}_by_time ON {{table}} (at);
CREATE VIRTUAL TABLE {{table}}_fts USING fts5(title, body, content = {{table}}, content_rowid = id);
