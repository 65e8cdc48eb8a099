-- The shared store: every table, index, view, trigger and full-text index of a datalake database.
--
-- Any SQLite from 3.40 on can open, query and write the tables here: no functions or tokenizers of our own.
-- Instants are UTC. In ordinary tables they are text of one width (2026-01-10T06:30:00.000000Z), so that text
-- order is time order; in series they are integer microseconds since 1970, shown as text by a view.
-- Triggers keep the full-text indexes right for any program that writes; one that uses INSERT OR REPLACE must
-- set PRAGMA recursive_triggers = ON, or SQLite deletes the old row without telling them.
--
-- The tables that plugins write share these columns, which the store keeps ("kept by the store" below):
--   origin, origin_start, origin_end, origin_pointer   the input, byte range and JSON pointer it came from
--   version, version_hash                              which state of the thing the row shows
--   first_order                                        which state its "first" columns come from
--   scope, seen                                        the set it was seen in, and the last state of that set
--   batch                                              the batch that last wrote it
-- A row has vanished at its origin when its scope has since been seen whole without it:
--   seen < (SELECT complete FROM scopes WHERE id = scope). It stays here.

---------------------------------------------------------------------------------------------------------
-- The store itself
---------------------------------------------------------------------------------------------------------

-- Facts about this database: schema_version, created_at, device, zone; last_forgotten_batch is the greatest number
-- in the log of batches that was forgotten, so that it is never given again.
CREATE TABLE metadata (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
);

-- The machines that data came from. Each run updates its own.
CREATE TABLE devices (
    id INTEGER PRIMARY KEY,
    device_name TEXT NOT NULL UNIQUE,
    device_type TEXT,
    hostname TEXT,
    ip_address TEXT,
    tailscale_ip TEXT,
    last_seen_at TEXT,
    last_sync_at TEXT,
    sync_status TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    metadata TEXT
);

-- Transfers between machines.
CREATE TABLE sync_log (
    id INTEGER PRIMARY KEY,
    source_device TEXT NOT NULL,
    target_device TEXT NOT NULL,
    sync_type TEXT NOT NULL,
    table_name TEXT,
    records_synced INTEGER DEFAULT 0,
    started_at TEXT NOT NULL,
    completed_at TEXT,
    status TEXT,
    error_message TEXT,
    metadata TEXT
);
CREATE INDEX idx_sync_log_devices ON sync_log(source_device, target_device);
CREATE INDEX idx_sync_log_started ON sync_log(started_at DESC);

-- Executions of sources. outcome: running (watching, for a run that watches its source for days), done, rejects,
-- failed, cancelled, interrupted. overlapped: due times that were skipped because it was still reading.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    plugin TEXT NOT NULL,
    device TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    outcome TEXT NOT NULL,
    units INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    records INTEGER NOT NULL DEFAULT 0,
    inserted INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    overlapped INTEGER NOT NULL DEFAULT 0,
    error TEXT
) STRICT;
CREATE INDEX runs_by_source ON runs(source, id);

-- How far each unit (a file, an archive) of a source has been read. A unit that is gone stays, marked missing.
-- Without version and cursor it is read from its start again, as the same generation of its content.
CREATE TABLE checkpoints (
    source TEXT NOT NULL,
    unit TEXT NOT NULL,
    version INTEGER,
    cursor TEXT,
    generation INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    modified_at TEXT,
    content_hash BLOB,
    missing INTEGER NOT NULL DEFAULT 0,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (source, unit)
) STRICT, WITHOUT ROWID;

-- The content that rows came from: one generation of one unit. After a rename it follows the content.
CREATE TABLE origins (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    unit TEXT NOT NULL,
    generation INTEGER NOT NULL,
    device TEXT NOT NULL,
    path TEXT,
    UNIQUE (source, unit, generation)
) STRICT;

-- The transactions that brought rows, in order: what follows the store follows this log. Where a batch comes
-- from a range of bytes, first_time and last_time bound the times of its series rows.
CREATE TABLE batches (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    origin INTEGER NOT NULL REFERENCES origins(id),
    range_start INTEGER NOT NULL,
    range_end INTEGER NOT NULL,
    first_time INTEGER,
    last_time INTEGER,
    inserted INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    committed_at TEXT NOT NULL
) STRICT;
CREATE INDEX batches_by_origin ON batches(origin, range_start);

-- Inputs that could not become records: their place, reason and bytes (the first 64 KiB, with the hash and
-- length of the whole). status:
--   open      nothing has come of it yet; a scope that its content is part of is not completed meanwhile
--   replayed  it was read again and not rejected any more; it opens again when it is met once more
--   dropped   a person has decided that nothing is lost with it, for good: its bytes are gone, meeting it again
--             counts for nothing, and what it might have been counts as not there when a scope is completed
CREATE TABLE rejects (
    id INTEGER PRIMARY KEY,
    origin INTEGER NOT NULL REFERENCES origins(id),
    place_start INTEGER NOT NULL,
    place_end INTEGER NOT NULL,
    pointer TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    bytes BLOB NOT NULL,
    hash BLOB NOT NULL,
    length INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'open',
    first_run INTEGER NOT NULL,
    last_run INTEGER NOT NULL,
    first_seen_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    UNIQUE (origin, place_start, pointer, hash, code)
) STRICT;
CREATE INDEX rejects_by_status ON rejects(status, id);

-- Sets of rows that a source can see whole, and the last version at which it did.
CREATE TABLE scopes (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    complete TEXT NOT NULL DEFAULT ''
) STRICT;

-- Who saw which scope whole, and the last version at which each did; the greatest stands in scopes.
CREATE TABLE completions (
    scope INTEGER NOT NULL REFERENCES scopes(id),
    source TEXT NOT NULL,
    complete TEXT NOT NULL,
    PRIMARY KEY (scope, source)
) STRICT, WITHOUT ROWID;

-- Names under which rows can be referred to.
CREATE TABLE aliases (
    dataset TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    row_key TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    PRIMARY KEY (dataset, kind, value, row_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX aliases_by_row ON aliases(dataset, row_id);

-- References from rows to aliases, resolved or not: a better target that comes later takes over.
CREATE TABLE links (
    dataset TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    column_name TEXT NOT NULL,
    rank INTEGER NOT NULL,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (dataset, row_id, column_name, rank)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_target ON links(target, kind, value);

-- Text that a newer version has replaced.
CREATE TABLE revisions (
    dataset TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    column_name TEXT NOT NULL,
    text_hash BLOB NOT NULL,
    version TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (dataset, row_id, column_name, text_hash)
) STRICT, WITHOUT ROWID;

-- Tags and who set them. A removal is kept, so that reading the input again does not bring the tag back.
CREATE TABLE tags (
    dataset TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    tag TEXT NOT NULL,
    set_by TEXT NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (dataset, row_id, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_name ON tags(tag, dataset, row_id);

-- Rows whose derived columns must be computed again. Empty between units.
CREATE TABLE dirty (
    dataset TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    PRIMARY KEY (dataset, row_id)
) STRICT, WITHOUT ROWID;

-- Rows that more than one source has written to, each source once: what they show cannot be taken apart again.
-- Forgetting one of the sources takes such a row out, and the others bring it back.
CREATE TABLE shares (
    dataset TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (dataset, row_id, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX shares_by_source ON shares(source, dataset);

-- The datasets that each source has brought records of, whether a row shows it or not.
CREATE TABLE source_datasets (
    source TEXT NOT NULL,
    dataset TEXT NOT NULL,
    PRIMARY KEY (source, dataset)
) STRICT, WITHOUT ROWID;

-- Files, one per content. path is relative to the data folder; it is NULL for a file kept by reference. origin is
-- the content that brought it first, as far as that is still there.
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    path TEXT UNIQUE,
    added_at TEXT NOT NULL,
    origin INTEGER REFERENCES origins(id)
) STRICT;

-- Every place a file's content was seen, and the content that named it first.
CREATE TABLE places (
    file INTEGER NOT NULL REFERENCES files(id),
    device TEXT NOT NULL,
    path TEXT NOT NULL,
    missing INTEGER NOT NULL DEFAULT 0,
    seen_at TEXT NOT NULL,
    origin INTEGER REFERENCES origins(id),
    PRIMARY KEY (file, device, path)
) STRICT, WITHOUT ROWID;

-- Raw input: the bytes of files whose rows do not hold all of them, as they were read. A block is a stretch of bytes
-- as one zstd frame, with BLAKE3 and length of the bytes. Where blocks end follows from the bytes alone (the first
-- line end at or behind 128 KiB, or 1 MiB), so that equal content shares its blocks, whoever has read it.
CREATE TABLE raw_blocks (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    length INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;

-- Which blocks a content has: they follow each other from its first byte on. The last one is replaced when it grows.
CREATE TABLE raw_parts (
    origin INTEGER NOT NULL REFERENCES origins(id),
    start INTEGER NOT NULL,
    block INTEGER NOT NULL REFERENCES raw_blocks(id),
    PRIMARY KEY (origin, start)
) STRICT, WITHOUT ROWID;
CREATE INDEX raw_parts_by_block ON raw_parts(block);

-- How much of a content is kept raw. ended: it was all there was at the last look. torn: its last line has no end yet.
CREATE TABLE raw_contents (
    origin INTEGER PRIMARY KEY REFERENCES origins(id),
    length INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    torn INTEGER NOT NULL
) STRICT;

-- What shows what is in a file, made from its content: thumbnails, the peaks of waveforms (pairs of signed bytes, the
-- least and greatest of each stretch). version counts the ways of making it.
CREATE TABLE previews (
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL REFERENCES files(id),
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    version INTEGER NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (file, kind)
) STRICT;

-- Texts that repeat in series. 0 stands for NULL and is not in here.
CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    value TEXT NOT NULL UNIQUE
) STRICT;

---------------------------------------------------------------------------------------------------------
-- Memory of assistants
---------------------------------------------------------------------------------------------------------

-- Samples of a process's memory. The key is every field: equal lines are one sample, any difference is two.
-- An absent value is an empty text. rss_mb is empty where it is rss_bytes / 1048576 exactly; rss_mb and rate
-- are integer thousandths where that is exact, else floats (whole numbers from 10^12 on: text).
-- extra holds the fields nobody knows, as JSON.
CREATE TABLE memory_samples (
    time INTEGER NOT NULL,
    device INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    rss_bytes INTEGER NOT NULL,
    rss_mb NOT NULL,
    rate NOT NULL,
    session INTEGER NOT NULL,
    command INTEGER NOT NULL,
    extra TEXT NOT NULL,
    origin INTEGER NOT NULL,
    origin_start INTEGER NOT NULL,
    PRIMARY KEY (time, device, pid, rss_bytes, rss_mb, rate, session, command, extra)
) WITHOUT ROWID;

-- The samples under the names people know. Filter by "time" (integer microseconds): it is the key.
-- id is the place of the line: origin * 2^40 + its first byte.
CREATE VIEW memory_metrics AS
SELECT
    (s.origin << 40) + s.origin_start AS id,
    s.pid AS pid,
    (SELECT value FROM texts WHERE id = s.session) AS session_id,
    s.rss_bytes AS rss_bytes,
    CASE typeof(s.rss_mb)
        WHEN 'integer' THEN s.rss_mb / 1000.0
        WHEN 'real' THEN s.rss_mb
        ELSE CASE s.rss_mb WHEN '' THEN s.rss_bytes / 1048576.0 ELSE CAST(s.rss_mb AS REAL) END
    END AS rss_mb,
    CASE typeof(s.rate)
        WHEN 'integer' THEN s.rate / 1000.0
        WHEN 'real' THEN s.rate
        ELSE CASE s.rate WHEN '' THEN NULL ELSE CAST(s.rate AS REAL) END
    END AS memory_rate_mb_min,
    (SELECT value FROM texts WHERE id = s.command) AS command,
    strftime('%Y-%m-%dT%H:%M:%S', (s.time - ((s.time % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch')
        || printf('.%06dZ', ((s.time % 1000000) + 1000000) % 1000000) AS timestamp,
    (s.time - ((s.time % 1000000) + 1000000) % 1000000) / 1000000 AS timestamp_unix,
    (SELECT value FROM texts WHERE id = s.device) AS source_device,
    (SELECT b.committed_at FROM batches AS b
        WHERE b.origin = s.origin AND b.range_start <= s.origin_start
        ORDER BY b.range_start DESC LIMIT 1) AS ingested_at,
    nullif(s.extra, '') AS metadata,
    s.time AS time,
    s.origin AS origin,
    s.origin_start AS origin_start
FROM memory_samples AS s;

-- What happened to processes: warnings, kills, restarts. event_key is a hash of every field and the device.
CREATE TABLE memory_events (
    id INTEGER PRIMARY KEY,
    event_type TEXT NOT NULL,
    pid INTEGER,
    session_id TEXT,
    severity TEXT DEFAULT 'info',
    message TEXT,
    details TEXT,
    timestamp TEXT NOT NULL,
    timestamp_unix INTEGER NOT NULL,
    source_device TEXT NOT NULL DEFAULT 'desktop',
    ingested_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    metadata TEXT,
    event_key BLOB UNIQUE,
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
CREATE INDEX idx_memory_events_timestamp ON memory_events(timestamp DESC, id DESC);
CREATE INDEX idx_memory_events_type ON memory_events(event_type);
CREATE INDEX idx_memory_events_severity ON memory_events(severity);
CREATE INDEX idx_memory_events_pid ON memory_events(pid);

CREATE VIRTUAL TABLE memory_events_fts USING fts5(
    message, details, content = 'memory_events', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER memory_events_ai AFTER INSERT ON memory_events BEGIN
    INSERT INTO memory_events_fts(rowid, message, details) VALUES (new.id, new.message, new.details);
END;
CREATE TRIGGER memory_events_ad AFTER DELETE ON memory_events BEGIN
    INSERT INTO memory_events_fts(memory_events_fts, rowid, message, details) VALUES ('delete', old.id, old.message, old.details);
END;
CREATE TRIGGER memory_events_au AFTER UPDATE OF id, message, details ON memory_events BEGIN
    INSERT INTO memory_events_fts(memory_events_fts, rowid, message, details) VALUES ('delete', old.id, old.message, old.details);
    INSERT INTO memory_events_fts(rowid, message, details) VALUES (new.id, new.message, new.details);
END;

CREATE VIEW v_memory_today AS
SELECT
    pid,
    session_id,
    min(rss_mb) AS min_rss_mb,
    max(rss_mb) AS max_rss_mb,
    avg(rss_mb) AS avg_rss_mb,
    avg(memory_rate_mb_min) AS avg_rate,
    count(*) AS sample_count,
    min(timestamp) AS first_seen,
    max(timestamp) AS last_seen
FROM memory_metrics
WHERE time >= strftime('%s', 'now', 'localtime', 'start of day', 'utc') * 1000000
GROUP BY pid, session_id;

CREATE VIEW v_memory_events_recent AS
SELECT * FROM memory_events
WHERE timestamp >= strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-1 day')
ORDER BY timestamp DESC;

---------------------------------------------------------------------------------------------------------
-- Recordings, transcripts, screenshots
---------------------------------------------------------------------------------------------------------

-- Recordings. file_path is relative to the data folder; blake3 is the hash of the content. format and codec are told by
-- the content (NULL: it is no sound that we know). duration_source is header, container, scan or estimate;
-- duration_reason says why there is no duration. truncated: the file ends before the recording does, or nobody finished
-- it. warnings is a JSON array of texts. utc_offset is that of local time, in seconds. metadata holds the other tags.
CREATE TABLE audio (
    id INTEGER PRIMARY KEY,
    file_path TEXT NOT NULL,
    filename TEXT NOT NULL,
    original_filename TEXT,
    duration_seconds REAL,
    format TEXT,
    sample_rate INTEGER,
    channels INTEGER,
    size_bytes INTEGER,
    tags TEXT,
    source_device TEXT,
    source_project TEXT,
    created_at TEXT NOT NULL,
    ingested_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    metadata TEXT,
    blake3 TEXT UNIQUE,
    time_source TEXT,
    utc_offset INTEGER,
    sha256 TEXT,
    codec TEXT,
    bits_per_sample INTEGER,
    duration_source TEXT,
    duration_reason TEXT,
    truncated INTEGER,
    warnings TEXT,
    title TEXT,
    artist TEXT,
    album TEXT,
    comment TEXT,
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
CREATE INDEX idx_audio_created_at ON audio(created_at DESC, id DESC);
CREATE INDEX idx_audio_tags ON audio(tags);
CREATE INDEX idx_audio_format ON audio(format);
CREATE INDEX idx_audio_source_device ON audio(source_device);

CREATE VIRTUAL TABLE audio_fts USING fts5(
    filename, title, artist, album, comment, tags, content = 'audio', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER audio_ai AFTER INSERT ON audio BEGIN
    INSERT INTO audio_fts(rowid, filename, title, artist, album, comment, tags) VALUES (new.id, new.filename, new.title, new.artist, new.album, new.comment, new.tags);
END;
CREATE TRIGGER audio_ad AFTER DELETE ON audio BEGIN
    INSERT INTO audio_fts(audio_fts, rowid, filename, title, artist, album, comment, tags) VALUES ('delete', old.id, old.filename, old.title, old.artist, old.album, old.comment, old.tags);
END;
CREATE TRIGGER audio_au AFTER UPDATE OF id, filename, title, artist, album, comment, tags ON audio BEGIN
    INSERT INTO audio_fts(audio_fts, rowid, filename, title, artist, album, comment, tags) VALUES ('delete', old.id, old.filename, old.title, old.artist, old.album, old.comment, old.tags);
    INSERT INTO audio_fts(rowid, filename, title, artist, album, comment, tags) VALUES (new.id, new.filename, new.title, new.artist, new.album, new.comment, new.tags);
END;

-- Transcripts of recordings. One recording may have several. stem is the path of the transcript's files below the root
-- of their source, without their endings. segments is a JSON list, in order, of
--   {"start": 0, "end": 1620, "text": "Hello there", "speaker": "A", "confidence": 0.8,
--    "words": [[0, 420, "Hello", 0.95], [420, 700, "there", 0.9, "B"]]}
-- with times in milliseconds from the start of the recording; what is not known is left out, in a word null. A word is
-- start, end, text, confidence and, where it is not that of the segment, the speaker. It may be long, so it comes last.
CREATE TABLE transcripts (
    id INTEGER PRIMARY KEY,
    file_path TEXT NOT NULL,
    filename TEXT NOT NULL,
    -- Its recording: the linked one, else that of its dictation.
    audio_id INTEGER REFERENCES audio(id) ON DELETE SET NULL,
    content TEXT NOT NULL,
    word_count INTEGER,
    language TEXT,
    confidence REAL,
    provider TEXT,
    size_bytes INTEGER,
    tags TEXT,
    source_device TEXT,
    created_at TEXT NOT NULL,
    ingested_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    metadata TEXT,
    stem TEXT,
    time_source TEXT,
    -- Seconds east of UTC when it was made.
    utc_offset INTEGER,
    -- How the recording was found: by which kind of name (sha256, stem, sibling, dictation), else as the dictation says
    -- (log, time).
    audio_link TEXT,
    -- The recording that it names itself, and by which kind of name.
    linked_audio_id INTEGER REFERENCES audio(id) ON DELETE SET NULL,
    linked_by TEXT,
    model TEXT,
    -- The length of the recording, where the recogniser says it.
    duration_seconds REAL,
    -- The files it is made of, with their formats, as a JSON object.
    formats TEXT,
    -- What was odd about it, as a JSON list: utf-16, cp1252, lossy, nul, cut, bad-cues, rolling, texts-differ.
    flags TEXT,
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
    segments TEXT,
    UNIQUE (source_device, stem)
);
CREATE INDEX idx_transcripts_created_at ON transcripts(created_at DESC, id DESC);
CREATE INDEX idx_transcripts_audio_id ON transcripts(audio_id);
CREATE INDEX idx_transcripts_linked_audio_id ON transcripts(linked_audio_id);
CREATE INDEX idx_transcripts_tags ON transcripts(tags);
CREATE INDEX idx_transcripts_source_device ON transcripts(source_device);

CREATE VIRTUAL TABLE transcripts_fts USING fts5(
    content, filename, tags, content = 'transcripts', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER transcripts_ai AFTER INSERT ON transcripts BEGIN
    INSERT INTO transcripts_fts(rowid, content, filename, tags) VALUES (new.id, new.content, new.filename, new.tags);
END;
CREATE TRIGGER transcripts_ad AFTER DELETE ON transcripts BEGIN
    INSERT INTO transcripts_fts(transcripts_fts, rowid, content, filename, tags) VALUES ('delete', old.id, old.content, old.filename, old.tags);
END;
CREATE TRIGGER transcripts_au AFTER UPDATE OF id, content, filename, tags ON transcripts BEGIN
    INSERT INTO transcripts_fts(transcripts_fts, rowid, content, filename, tags) VALUES ('delete', old.id, old.content, old.filename, old.tags);
    INSERT INTO transcripts_fts(rowid, content, filename, tags) VALUES (new.id, new.content, new.filename, new.tags);
END;

-- The recording of a transcript. That of an uploaded dictation is known from all files together, so it stands in the
-- session; of several the one that was said with most knowledge counts.
CREATE VIEW transcripts_derived AS
SELECT
    t.id AS id,
    coalesce(t.linked_audio_id, vs.audio_id) AS audio_id,
    CASE WHEN t.linked_audio_id IS NULL THEN vs.link_method ELSE t.linked_by END AS audio_link
FROM transcripts AS t
LEFT JOIN voice_sessions AS vs ON vs.id = (
    SELECT s.id FROM voice_sessions AS s
    WHERE s.transcript_id = t.id AND s.audio_id IS NOT NULL
    ORDER BY s.version DESC, s.source_device, s.stem LIMIT 1
);

-- Files of transcripts that no row above shows: those that another file of the transcript tells more than, and those
-- that could not be read (problem is the code of the reject). name is the path below the root.
CREATE TABLE transcript_files (
    id INTEGER PRIMARY KEY,
    source_device TEXT NOT NULL,
    name TEXT NOT NULL,
    blake3 TEXT NOT NULL,
    filename TEXT NOT NULL,
    file_path TEXT NOT NULL,
    transcript_id INTEGER REFERENCES transcripts(id) ON DELETE SET NULL,
    format TEXT,
    problem TEXT,
    size_bytes INTEGER,
    created_at TEXT NOT NULL,
    time_source TEXT,
    utc_offset INTEGER,
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
    UNIQUE (source_device, name, blake3)
);
CREATE INDEX idx_transcript_files_created_at ON transcript_files(created_at DESC, id DESC);
CREATE INDEX idx_transcript_files_transcript ON transcript_files(transcript_id);

-- Screenshots. wall_time is the time written in the name, else in the image, as it is written; '' where there is none,
-- and never the mtime. width and height are as one sees it; they, format and bit_depth are NULL where the file is no
-- image that can be read, and metadata says why (problem). metadata also says why there is no thumbnail
-- (thumbnail_reason), which time of the image is the best (written, written_in), whether the clock showed wall_time
-- twice or never (clock), and whether the image moves (animated). utc_offset is that of local time, in seconds.
CREATE TABLE screenshots (
    id INTEGER PRIMARY KEY,
    file_path TEXT NOT NULL,
    filename TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    format TEXT,
    size_bytes INTEGER,
    tags TEXT,
    source_device TEXT,
    created_at TEXT NOT NULL,
    ingested_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    metadata TEXT,
    blake3 TEXT,
    wall_time TEXT,
    time_source TEXT,
    utc_offset INTEGER,
    bit_depth INTEGER,
    title TEXT,
    app TEXT,
    software TEXT,
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
    UNIQUE (blake3, wall_time)
);
CREATE INDEX idx_screenshots_created_at ON screenshots(created_at DESC, id DESC);
CREATE INDEX idx_screenshots_tags ON screenshots(tags);

CREATE VIRTUAL TABLE screenshots_fts USING fts5(
    filename, title, app, tags, content = 'screenshots', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER screenshots_ai AFTER INSERT ON screenshots BEGIN
    INSERT INTO screenshots_fts(rowid, filename, title, app, tags) VALUES (new.id, new.filename, new.title, new.app, new.tags);
END;
CREATE TRIGGER screenshots_ad AFTER DELETE ON screenshots BEGIN
    INSERT INTO screenshots_fts(screenshots_fts, rowid, filename, title, app, tags) VALUES ('delete', old.id, old.filename, old.title, old.app, old.tags);
END;
CREATE TRIGGER screenshots_au AFTER UPDATE OF id, filename, title, app, tags ON screenshots BEGIN
    INSERT INTO screenshots_fts(screenshots_fts, rowid, filename, title, app, tags) VALUES ('delete', old.id, old.filename, old.title, old.app, old.tags);
    INSERT INTO screenshots_fts(rowid, filename, title, app, tags) VALUES (new.id, new.filename, new.title, new.app, new.tags);
END;

---------------------------------------------------------------------------------------------------------
-- Voice typing
---------------------------------------------------------------------------------------------------------

-- Dictations: a recording, its transcript and what became of it. stem is the name of the recording. success is NULL
-- while there is no verdict; metadata says why. link_method says how the transcript was found (stamp, log, time),
-- link_gap_seconds how much later than the recording it is. replaced_transcript is the text with spellings put right,
-- where that makes a difference. rating, rating_notes and corrected_transcript are the person's own.
CREATE TABLE voice_sessions (
    id INTEGER PRIMARY KEY,
    audio_id INTEGER REFERENCES audio(id) ON DELETE SET NULL,
    transcript_id INTEGER REFERENCES transcripts(id) ON DELETE SET NULL,
    session_uuid TEXT,
    trigger_type TEXT,
    trigger_timestamp TEXT,
    recording_start TEXT,
    recording_end TEXT,
    transcription_start TEXT,
    transcription_end TEXT,
    output_timestamp TEXT,
    success INTEGER DEFAULT 1,
    failure_reason TEXT,
    source_device TEXT NOT NULL,
    claude_session_id INTEGER REFERENCES claude_sessions(id) ON DELETE SET NULL,
    rating INTEGER CHECK (rating >= 1 AND rating <= 10),
    rating_notes TEXT,
    corrected_transcript TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    metadata TEXT,
    stem TEXT,
    link_method TEXT,
    link_gap_seconds INTEGER,
    replaced_transcript TEXT,
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
    UNIQUE (source_device, stem)
);
CREATE INDEX idx_voice_sessions_audio ON voice_sessions(audio_id);
CREATE INDEX idx_voice_sessions_transcript ON voice_sessions(transcript_id);
CREATE INDEX idx_voice_sessions_created ON voice_sessions(created_at DESC, id DESC);
CREATE INDEX idx_voice_sessions_device ON voice_sessions(source_device);

-- The text of a dictation with spellings put right: a variant of its transcript that names the file of spellings.
CREATE VIEW voice_sessions_derived AS
SELECT
    vs.id AS id,
    (SELECT json_extract(variant.value, '$.text')
     FROM json_each(t.metadata, '$.variants') AS variant
     WHERE json_extract(variant.value, '$.file') = 'replacements.json') AS replaced_transcript
FROM voice_sessions AS vs
LEFT JOIN transcripts AS t ON t.id = vs.transcript_id;

-- Steps of a dictation: for other programs. What is known of the gateway's own is in the columns of voice_sessions.
CREATE TABLE voice_events (
    id INTEGER PRIMARY KEY,
    session_id INTEGER REFERENCES voice_sessions(id) ON DELETE CASCADE,
    event_type TEXT NOT NULL,
    event_data TEXT,
    source_device TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    metadata TEXT,
    event_key BLOB UNIQUE,
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
CREATE INDEX idx_voice_events_session ON voice_events(session_id);
CREATE INDEX idx_voice_events_timestamp ON voice_events(timestamp DESC, id DESC);

CREATE VIEW v_voice_sessions AS
SELECT
    vs.id AS id,
    vs.session_uuid AS session_uuid,
    a.filename AS audio_filename,
    a.duration_seconds AS duration_seconds,
    t.content AS transcript,
    t.word_count AS word_count,
    t.confidence AS confidence,
    vs.success AS success,
    vs.failure_reason AS failure_reason,
    vs.link_method AS link_method,
    vs.link_gap_seconds AS link_gap_seconds,
    vs.replaced_transcript AS replaced_transcript,
    vs.corrected_transcript AS corrected_transcript,
    vs.rating AS rating,
    vs.source_device AS source_device,
    vs.created_at AS created_at
FROM voice_sessions AS vs
LEFT JOIN audio AS a ON a.id = vs.audio_id
LEFT JOIN transcripts AS t ON t.id = vs.transcript_id
ORDER BY vs.created_at DESC;

-- Transcripts of the gateway whose recording was never seen: it was deleted, or overwritten within its second.
CREATE VIEW v_voice_orphans AS
SELECT t.id AS id, t.stem AS stem, t.created_at AS created_at, t.provider AS provider, t.content AS content
FROM transcripts AS t
WHERE EXISTS (SELECT 1 FROM aliases AS a WHERE a.dataset = 'transcripts' AND a.kind = 'dictation' AND a.row_id = t.id)
    AND NOT EXISTS (SELECT 1 FROM voice_sessions AS vs WHERE vs.transcript_id = t.id)
ORDER BY t.created_at DESC;

---------------------------------------------------------------------------------------------------------
-- Claude Code
---------------------------------------------------------------------------------------------------------

-- Sessions. The totals are computed from what the session's messages say.
CREATE TABLE claude_sessions (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL UNIQUE,
    project_path TEXT NOT NULL,
    project_encoded TEXT,
    summary TEXT,
    model_primary TEXT,
    claude_version TEXT,
    git_branch TEXT,
    total_messages INTEGER DEFAULT 0,
    user_messages INTEGER DEFAULT 0,
    assistant_messages INTEGER DEFAULT 0,
    total_input_tokens INTEGER DEFAULT 0,
    total_output_tokens INTEGER DEFAULT 0,
    total_cache_read_tokens INTEGER DEFAULT 0,
    total_cache_creation_tokens INTEGER DEFAULT 0,
    source_device TEXT NOT NULL,
    source_file TEXT,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    duration_seconds REAL,
    tags TEXT,
    rating INTEGER CHECK (rating >= 1 AND rating <= 10),
    rating_notes TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    ingested_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    metadata TEXT,
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
CREATE INDEX idx_claude_sessions_project ON claude_sessions(project_path);
CREATE INDEX idx_claude_sessions_started_at ON claude_sessions(started_at DESC, id DESC);
CREATE INDEX idx_claude_sessions_source_device ON claude_sessions(source_device);
CREATE INDEX idx_claude_sessions_rating ON claude_sessions(rating);

-- Messages. One uuid may stand in several sessions: forks and resumed sessions share their past.
CREATE TABLE claude_messages (
    id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES claude_sessions(id) ON DELETE CASCADE,
    message_uuid TEXT NOT NULL,
    parent_uuid TEXT,
    message_type TEXT NOT NULL,
    user_type TEXT,
    role TEXT,
    model TEXT,
    content_text TEXT,
    content_thinking TEXT,
    content_images INTEGER DEFAULT 0,
    content_tool_uses INTEGER DEFAULT 0,
    content_tool_results INTEGER DEFAULT 0,
    is_sidechain INTEGER DEFAULT 0,
    cwd TEXT,
    git_branch TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_creation_tokens INTEGER,
    stop_reason TEXT,
    request_id TEXT,
    timestamp TEXT NOT NULL,
    sequence_number INTEGER,
    todos TEXT,
    rating INTEGER CHECK (rating >= 1 AND rating <= 10),
    rating_notes TEXT,
    metadata TEXT,
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
    UNIQUE (session_id, message_uuid)
);
CREATE INDEX idx_claude_messages_uuid ON claude_messages(message_uuid);
CREATE INDEX idx_claude_messages_timestamp ON claude_messages(timestamp DESC, id DESC);

CREATE VIRTUAL TABLE claude_messages_fts USING fts5(
    content_text, content_thinking, content = 'claude_messages', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER claude_messages_ai AFTER INSERT ON claude_messages BEGIN
    INSERT INTO claude_messages_fts(rowid, content_text, content_thinking) VALUES (new.id, new.content_text, new.content_thinking);
END;
CREATE TRIGGER claude_messages_ad AFTER DELETE ON claude_messages BEGIN
    INSERT INTO claude_messages_fts(claude_messages_fts, rowid, content_text, content_thinking) VALUES ('delete', old.id, old.content_text, old.content_thinking);
END;
CREATE TRIGGER claude_messages_au AFTER UPDATE OF id, content_text, content_thinking ON claude_messages BEGIN
    INSERT INTO claude_messages_fts(claude_messages_fts, rowid, content_text, content_thinking) VALUES ('delete', old.id, old.content_text, old.content_thinking);
    INSERT INTO claude_messages_fts(rowid, content_text, content_thinking) VALUES (new.id, new.content_text, new.content_thinking);
END;

-- Agents that a session started.
CREATE TABLE claude_subagents (
    id INTEGER PRIMARY KEY,
    parent_session_id INTEGER NOT NULL REFERENCES claude_sessions(id) ON DELETE CASCADE,
    subagent_id TEXT NOT NULL,
    subagent_type TEXT,
    description TEXT,
    source_file TEXT,
    total_messages INTEGER DEFAULT 0,
    started_at TEXT,
    ended_at TEXT,
    metadata TEXT,
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
    UNIQUE (parent_session_id, subagent_id)
);

-- Prompts as they were typed.
CREATE TABLE claude_history (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    display TEXT NOT NULL,
    pasted_contents TEXT,
    project TEXT NOT NULL,
    source_device TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    timestamp_unix INTEGER,
    ingested_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    entry_key BLOB UNIQUE,
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
CREATE INDEX idx_claude_history_session ON claude_history(session_id);
CREATE INDEX idx_claude_history_timestamp ON claude_history(timestamp DESC, id DESC);
CREATE INDEX idx_claude_history_device ON claude_history(source_device);

CREATE VIRTUAL TABLE claude_history_fts USING fts5(
    display, content = 'claude_history', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER claude_history_ai AFTER INSERT ON claude_history BEGIN
    INSERT INTO claude_history_fts(rowid, display) VALUES (new.id, new.display);
END;
CREATE TRIGGER claude_history_ad AFTER DELETE ON claude_history BEGIN
    INSERT INTO claude_history_fts(claude_history_fts, rowid, display) VALUES ('delete', old.id, old.display);
END;
CREATE TRIGGER claude_history_au AFTER UPDATE OF id, display ON claude_history BEGIN
    INSERT INTO claude_history_fts(claude_history_fts, rowid, display) VALUES ('delete', old.id, old.display);
    INSERT INTO claude_history_fts(rowid, display) VALUES (new.id, new.display);
END;

CREATE VIEW v_recent_claude_sessions AS
SELECT
    cs.id AS id,
    cs.session_id AS session_id,
    cs.project_path AS project_path,
    cs.summary AS summary,
    cs.model_primary AS model_primary,
    cs.total_messages AS total_messages,
    cs.total_input_tokens + cs.total_output_tokens AS total_tokens,
    cs.source_device AS source_device,
    cs.started_at AS started_at,
    cs.duration_seconds AS duration_seconds,
    cs.rating AS rating,
    (SELECT count(*) FROM claude_subagents WHERE parent_session_id = cs.id) AS subagent_count
FROM claude_sessions AS cs
ORDER BY cs.started_at DESC;

CREATE VIEW v_token_usage_daily AS
SELECT
    substr(started_at, 1, 10) AS date,
    source_device,
    count(*) AS session_count,
    sum(total_input_tokens) AS input_tokens,
    sum(total_output_tokens) AS output_tokens,
    sum(total_cache_read_tokens) AS cache_read_tokens,
    sum(total_input_tokens + total_output_tokens) AS total_tokens
FROM claude_sessions
GROUP BY substr(started_at, 1, 10), source_device
ORDER BY date DESC;

---------------------------------------------------------------------------------------------------------
-- ChatGPT
---------------------------------------------------------------------------------------------------------

-- Export archives that were read.
CREATE TABLE chatgpt_imports (
    id INTEGER PRIMARY KEY,
    zip_hash TEXT UNIQUE,
    original_filename TEXT,
    zip_path TEXT,
    conversation_count INTEGER,
    message_count INTEGER,
    imported_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    source_device TEXT,
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

-- Conversations. rating and rating_notes are the person's own.
CREATE TABLE chatgpt_conversations (
    id INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL UNIQUE,
    title TEXT,
    create_time REAL,
    update_time REAL,
    model_slug TEXT,
    is_archived INTEGER DEFAULT 0,
    is_starred INTEGER DEFAULT 0,
    message_count INTEGER DEFAULT 0,
    import_id INTEGER REFERENCES chatgpt_imports(id),
    source_device TEXT,
    created_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    rating INTEGER CHECK (rating >= 1 AND rating <= 10),
    rating_notes TEXT,
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
CREATE INDEX idx_chatgpt_conversations_created ON chatgpt_conversations(create_time DESC);
CREATE INDEX idx_chatgpt_conversations_import ON chatgpt_conversations(import_id);

-- Messages: the whole tree of each conversation.
CREATE TABLE chatgpt_messages (
    id INTEGER PRIMARY KEY,
    conversation_id INTEGER REFERENCES chatgpt_conversations(id) ON DELETE CASCADE,
    message_id TEXT,
    parent_id TEXT,
    role TEXT,
    content_type TEXT,
    content_text TEXT,
    create_time REAL,
    model_slug TEXT,
    sequence_number INTEGER,
    created_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
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
    UNIQUE (conversation_id, message_id)
);
CREATE INDEX idx_chatgpt_messages_sequence ON chatgpt_messages(conversation_id, sequence_number);

CREATE VIRTUAL TABLE chatgpt_messages_fts USING fts5(
    content_text, content = 'chatgpt_messages', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER chatgpt_messages_ai AFTER INSERT ON chatgpt_messages BEGIN
    INSERT INTO chatgpt_messages_fts(rowid, content_text) VALUES (new.id, new.content_text);
END;
CREATE TRIGGER chatgpt_messages_ad AFTER DELETE ON chatgpt_messages BEGIN
    INSERT INTO chatgpt_messages_fts(chatgpt_messages_fts, rowid, content_text) VALUES ('delete', old.id, old.content_text);
END;
CREATE TRIGGER chatgpt_messages_au AFTER UPDATE OF id, content_text ON chatgpt_messages BEGIN
    INSERT INTO chatgpt_messages_fts(chatgpt_messages_fts, rowid, content_text) VALUES ('delete', old.id, old.content_text);
    INSERT INTO chatgpt_messages_fts(rowid, content_text) VALUES (new.id, new.content_text);
END;
