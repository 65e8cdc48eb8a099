-- The tables of the plugin {{name}}. The mark behind the last column stands for the columns that the store keeps
-- in every table of rows: where a row came from, its version, the batch that wrote it.
CREATE TABLE {{table}} (
    id INTEGER PRIMARY KEY,
    device TEXT NOT NULL,
    at TEXT NOT NULL,       -- UTC
    title TEXT NOT NULL,
    body TEXT NOT NULL
    /* kept by the store */,
    UNIQUE (device, at, title)
);
CREATE INDEX {{table}}_by_time ON {{table}} (at);
CREATE VIRTUAL TABLE {{table}}_fts USING fts5(title, body, content = {{table}}, content_rowid = id);
