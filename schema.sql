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

-- Lines of Claude Code's logs, each once, without their bytes. path is the file's path below projects/; hash is the first
-- 64 bits of the line's BLAKE3; time is the line's own, or an empty text. state: 0 understood, 1 no JSON, 2 JSON but no
-- object, 3 too long to be parsed, 4 understood and written by a person. type is 0 where the line has none.
CREATE TABLE claude_line_rows (
    path INTEGER NOT NULL,
    start INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    device INTEGER NOT NULL,
    time NOT NULL,
    length INTEGER NOT NULL,
    type INTEGER NOT NULL,
    state INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    origin_start INTEGER NOT NULL,
    PRIMARY KEY (path, start, hash, device, time, length, type, state)
) WITHOUT ROWID;

-- The lines under the names people know. id is the place of the line: origin * 2^40 + its first byte.
CREATE VIEW claude_lines AS
SELECT
    (l.origin << 40) + l.origin_start AS id,
    (SELECT value FROM texts WHERE id = l.device) AS source_device,
    (SELECT value FROM texts WHERE id = l.path) AS path,
    l.start AS start,
    l.length AS length,
    printf('%016x', l.hash) AS hash,
    (SELECT value FROM texts WHERE id = l.type) AS type,
    CASE l.state WHEN 1 THEN 'no JSON' WHEN 2 THEN 'no object' WHEN 3 THEN 'too long' ELSE 'understood' END AS state,
    l.state = 4 AS is_human,
    CASE WHEN typeof(l.time) = 'integer' THEN
        strftime('%Y-%m-%dT%H:%M:%S', (l.time - ((l.time % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch')
            || printf('.%06dZ', ((l.time % 1000000) + 1000000) % 1000000)
    END AS timestamp,
    (SELECT generation FROM origins WHERE id = l.origin) AS generation,
    nullif(l.time, '') AS time,
    l.origin AS origin,
    l.origin_start AS origin_start
FROM claude_line_rows AS l;

-- Sessions. session_id is Claude Code's own; of a log without one it is the device and the path of the log. The totals
-- are those of the usage that belongs to the session: what it shares with an older session belongs to that one, so that
-- the totals of all sessions add up. cost_usd is NULL where a price is unknown. path_source says how project_path was
-- found: relocated, record, sibling or slug (then it is the name of the folder); title_source says the same of summary.
-- shared_messages counts messages that also stand in another session, shares_with is the oldest such session.
CREATE TABLE claude_sessions (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL UNIQUE,
    project_path TEXT NOT NULL DEFAULT '',
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
    time_source TEXT,
    path_source TEXT,
    title_source TEXT,
    human_messages INTEGER DEFAULT 0,
    compactions INTEGER DEFAULT 0,
    responses INTEGER DEFAULT 0,
    total_cache_5m_tokens INTEGER DEFAULT 0,
    total_cache_1h_tokens INTEGER DEFAULT 0,
    web_searches INTEGER DEFAULT 0,
    cost_usd REAL,
    reported_cost_usd REAL,
    subagents INTEGER DEFAULT 0,
    shared_messages INTEGER DEFAULT 0,
    shares_with TEXT,
    forked_from TEXT,
    continued_from TEXT,
    continued_in TEXT,
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
CREATE INDEX idx_claude_sessions_encoded ON claude_sessions(project_encoded);
CREATE INDEX idx_claude_sessions_started_at ON claude_sessions(started_at DESC, id DESC);
CREATE INDEX idx_claude_sessions_source_device ON claude_sessions(source_device);
CREATE INDEX idx_claude_sessions_rating ON claude_sessions(rating);

CREATE VIRTUAL TABLE claude_sessions_fts USING fts5(
    summary, project_path, tags, content = 'claude_sessions', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER claude_sessions_ai AFTER INSERT ON claude_sessions BEGIN
    INSERT INTO claude_sessions_fts(rowid, summary, project_path, tags) VALUES (new.id, new.summary, new.project_path, new.tags);
END;
CREATE TRIGGER claude_sessions_ad AFTER DELETE ON claude_sessions BEGIN
    INSERT INTO claude_sessions_fts(claude_sessions_fts, rowid, summary, project_path, tags) VALUES ('delete', old.id, old.summary, old.project_path, old.tags);
END;
CREATE TRIGGER claude_sessions_au AFTER UPDATE OF id, summary, project_path, tags ON claude_sessions BEGIN
    INSERT INTO claude_sessions_fts(claude_sessions_fts, rowid, summary, project_path, tags) VALUES ('delete', old.id, old.summary, old.project_path, old.tags);
    INSERT INTO claude_sessions_fts(rowid, summary, project_path, tags) VALUES (new.id, new.summary, new.project_path, new.tags);
END;

-- Messages, and whatever else in a log has an identity or says something. One uuid may stand in several sessions: forks and
-- resumed sessions share their past. Repeating texts are numbers of texts. message_key is the uuid in 16 bytes; x'75' and
-- the text of one that is no UUID; x'6c' and a hash of the line of a message without one. usage_key is that of its usage.
-- flags: 1 in a side chain, 2 written by the program (isMeta), 4 summary of a compaction, 8 typed by a person, 16 a
-- prompt that can be a title, 32 an error of the service, 64 the time is that of the line before or of the file,
-- 128 a tool failed, 256 a compaction. time is in microseconds since 1970. agent is the number of an empty text where the session itself speaks.
CREATE TABLE claude_message_rows (
    id INTEGER PRIMARY KEY,
    message_key BLOB NOT NULL,
    type INTEGER NOT NULL,
    session INTEGER NOT NULL,
    time INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    parent_key BLOB,
    logical_parent BLOB,
    usage_key BLOB,
    subtype INTEGER,
    role INTEGER,
    user_type INTEGER,
    model INTEGER,
    cwd INTEGER,
    git_branch INTEGER,
    claude_version INTEGER,
    agent INTEGER NOT NULL,
    device INTEGER,
    tool INTEGER,
    stop_reason INTEGER,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_creation_tokens INTEGER,
    content_images INTEGER DEFAULT 0,
    content_tool_uses INTEGER DEFAULT 0,
    content_tool_results INTEGER DEFAULT 0,
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
    content_text TEXT,
    content_thinking TEXT,
    content_tools TEXT,
    UNIQUE (message_key, type, session)
);
CREATE INDEX idx_claude_messages_session ON claude_message_rows(session, agent, time, type, flags);
CREATE INDEX idx_claude_messages_timestamp ON claude_message_rows(time DESC, id DESC);
CREATE INDEX idx_claude_messages_logical ON claude_message_rows(session, logical_parent) WHERE logical_parent IS NOT NULL;
CREATE INDEX idx_claude_messages_pointing ON claude_message_rows(logical_parent) WHERE logical_parent IS NOT NULL;

CREATE VIRTUAL TABLE claude_messages_fts USING fts5(
    content_text, content_thinking, content_tools, content = 'claude_message_rows', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER claude_message_rows_ai AFTER INSERT ON claude_message_rows BEGIN
    INSERT INTO claude_messages_fts(rowid, content_text, content_thinking, content_tools) VALUES (new.id, new.content_text, new.content_thinking, new.content_tools);
END;
CREATE TRIGGER claude_message_rows_ad AFTER DELETE ON claude_message_rows BEGIN
    INSERT INTO claude_messages_fts(claude_messages_fts, rowid, content_text, content_thinking, content_tools) VALUES ('delete', old.id, old.content_text, old.content_thinking, old.content_tools);
END;
CREATE TRIGGER claude_message_rows_au AFTER UPDATE OF id, content_text, content_thinking, content_tools ON claude_message_rows BEGIN
    INSERT INTO claude_messages_fts(claude_messages_fts, rowid, content_text, content_thinking, content_tools) VALUES ('delete', old.id, old.content_text, old.content_thinking, old.content_tools);
    INSERT INTO claude_messages_fts(rowid, content_text, content_thinking, content_tools) VALUES (new.id, new.content_text, new.content_thinking, new.content_tools);
END;

-- The messages under the names people know. The tokens are those that the line has, which repeat in all lines of a
-- response: sums come from claude_usage. Look messages up by message_key where there are many: unhex the uuid.
CREATE VIEW claude_messages AS
SELECT
    m.id AS id,
    (SELECT id FROM claude_sessions WHERE session_id = (SELECT value FROM texts WHERE id = m.session)) AS session_id,
    CASE
        WHEN length(m.message_key) = 16 THEN lower(substr(hex(m.message_key), 1, 8) || '-' || substr(hex(m.message_key), 9, 4) || '-' || substr(hex(m.message_key), 13, 4)
            || '-' || substr(hex(m.message_key), 17, 4) || '-' || substr(hex(m.message_key), 21))
        WHEN substr(m.message_key, 1, 1) = x'75' THEN rtrim(CAST(substr(m.message_key, 2) AS TEXT), char(0))
        WHEN m.message_key IS NOT NULL THEN 'line-' || lower(hex(substr(m.message_key, 2)))
    END AS message_uuid,
    CASE
        WHEN length(m.parent_key) = 16 THEN lower(substr(hex(m.parent_key), 1, 8) || '-' || substr(hex(m.parent_key), 9, 4) || '-' || substr(hex(m.parent_key), 13, 4)
            || '-' || substr(hex(m.parent_key), 17, 4) || '-' || substr(hex(m.parent_key), 21))
        WHEN substr(m.parent_key, 1, 1) = x'75' THEN rtrim(CAST(substr(m.parent_key, 2) AS TEXT), char(0))
        WHEN m.parent_key IS NOT NULL THEN 'line-' || lower(hex(substr(m.parent_key, 2)))
    END AS parent_uuid,
    (SELECT value FROM texts WHERE id = m.type) AS message_type,
    (SELECT value FROM texts WHERE id = m.user_type) AS user_type,
    (SELECT value FROM texts WHERE id = m.role) AS role,
    (SELECT value FROM texts WHERE id = m.model) AS model,
    m.content_text AS content_text,
    m.content_thinking AS content_thinking,
    m.content_tools AS content_tools,
    m.content_images AS content_images,
    m.content_tool_uses AS content_tool_uses,
    m.content_tool_results AS content_tool_results,
    m.flags & 1 AS is_sidechain,
    (SELECT value FROM texts WHERE id = m.cwd) AS cwd,
    (SELECT value FROM texts WHERE id = m.git_branch) AS git_branch,
    m.input_tokens AS input_tokens,
    m.output_tokens AS output_tokens,
    m.cache_read_tokens AS cache_read_tokens,
    m.cache_creation_tokens AS cache_creation_tokens,
    (SELECT value FROM texts WHERE id = m.stop_reason) AS stop_reason,
    (SELECT request_id FROM claude_usage WHERE usage_key = m.usage_key) AS request_id,
    strftime('%Y-%m-%dT%H:%M:%S', (m.time - ((m.time % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch')
        || printf('.%06dZ', ((m.time % 1000000) + 1000000) % 1000000) AS timestamp,
    m.time AS time,
    m.origin_start AS sequence_number,
    m.todos AS todos,
    m.rating AS rating,
    m.rating_notes AS rating_notes,
    m.metadata AS metadata,
    (SELECT value FROM texts WHERE id = m.session) AS session,
    (SELECT value FROM texts WHERE id = m.subtype) AS subtype,
    (SELECT value FROM texts WHERE id = m.tool) AS tool,
    nullif((SELECT value FROM texts WHERE id = m.agent), '') AS agent_id,
    (SELECT value FROM texts WHERE id = m.claude_version) AS claude_version,
    (SELECT value FROM texts WHERE id = m.device) AS source_device,
    CASE
        WHEN length(m.logical_parent) = 16 THEN lower(substr(hex(m.logical_parent), 1, 8) || '-' || substr(hex(m.logical_parent), 9, 4) || '-' || substr(hex(m.logical_parent), 13, 4)
            || '-' || substr(hex(m.logical_parent), 17, 4) || '-' || substr(hex(m.logical_parent), 21))
        WHEN substr(m.logical_parent, 1, 1) = x'75' THEN rtrim(CAST(substr(m.logical_parent, 2) AS TEXT), char(0))
        WHEN m.logical_parent IS NOT NULL THEN 'line-' || lower(hex(substr(m.logical_parent, 2)))
    END AS logical_parent_uuid,
    (m.flags >> 1) & 1 AS is_meta,
    (m.flags >> 2) & 1 AS is_compact_summary,
    (m.flags >> 3) & 1 AS is_human,
    (m.flags >> 5) & 1 AS is_api_error,
    (m.flags >> 7) & 1 AS is_tool_error,
    (m.flags >> 8) & 1 AS is_compaction,
    m.message_key AS message_key,
    m.usage_key AS usage_key,
    m.flags AS flags,
    m.origin AS origin,
    m.origin_start AS origin_start,
    m.origin_end AS origin_end,
    m.origin_pointer AS origin_pointer,
    m.version AS version,
    m.scope AS scope,
    m.seen AS seen,
    m.batch AS batch
FROM claude_message_rows AS m;

-- Sessions in parts: what the session itself says (agent is an empty text) and what each of its agents says, with what is
-- computed from the messages of each. counts is a JSON list: messages of users and of the model, those that a person
-- wrote, compactions. A message whose time is a guess says when a part ended, and what was first or last in it, only where
-- no other does.
CREATE TABLE claude_session_parts (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    agent INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    time_source TEXT,
    counts TEXT,
    ended_at TEXT,
    cwd TEXT,
    model TEXT,
    claude_version TEXT,
    git_branch TEXT,
    prompt TEXT,
    shared_messages INTEGER,
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
    UNIQUE (session, agent)
);

CREATE VIEW claude_session_parts_derived AS
SELECT
    p.id AS id,
    (SELECT json_array(
            count(CASE m.type WHEN (SELECT id FROM texts WHERE value = 'user') THEN 1 END),
            count(CASE m.type WHEN (SELECT id FROM texts WHERE value = 'assistant') THEN 1 END),
            count(CASE WHEN m.flags & 8 THEN 1 END),
            count(CASE WHEN m.flags & 256 THEN 1 END))
        FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent) AS counts,
    (SELECT strftime('%Y-%m-%dT%H:%M:%S', (l.time - ((l.time % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch')
        || printf('.%06dZ', ((l.time % 1000000) + 1000000) % 1000000)
        FROM (SELECT coalesce(max(CASE WHEN NOT m.flags & 64 THEN m.time END), max(m.time)) AS time
            FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent) AS l) AS ended_at,
    (SELECT value FROM texts WHERE id = coalesce(
        (SELECT m.cwd FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent
            AND m.cwd IS NOT NULL AND NOT m.flags & 64 ORDER BY m.time, m.message_key LIMIT 1),
        (SELECT m.cwd FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent
            AND m.cwd IS NOT NULL AND m.flags & 64 ORDER BY m.time, m.message_key LIMIT 1))) AS cwd,
    (SELECT value FROM texts WHERE id = coalesce(
        (SELECT m.model FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent
            AND m.model IS NOT NULL AND NOT m.flags & 64 ORDER BY m.time DESC, m.message_key DESC LIMIT 1),
        (SELECT m.model FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent
            AND m.model IS NOT NULL AND m.flags & 64 ORDER BY m.time DESC, m.message_key DESC LIMIT 1))) AS model,
    (SELECT value FROM texts WHERE id = coalesce(
        (SELECT m.claude_version FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent
            AND m.claude_version IS NOT NULL AND NOT m.flags & 64 ORDER BY m.time DESC, m.message_key DESC LIMIT 1),
        (SELECT m.claude_version FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent
            AND m.claude_version IS NOT NULL AND m.flags & 64 ORDER BY m.time DESC, m.message_key DESC LIMIT 1))) AS claude_version,
    (SELECT value FROM texts WHERE id = coalesce(
        (SELECT m.git_branch FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent
            AND m.git_branch IS NOT NULL AND NOT m.flags & 64 ORDER BY m.time DESC, m.message_key DESC LIMIT 1),
        (SELECT m.git_branch FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent
            AND m.git_branch IS NOT NULL AND m.flags & 64 ORDER BY m.time DESC, m.message_key DESC LIMIT 1))) AS git_branch,
    coalesce(
        (SELECT substr(m.content_text, 1, 200) FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent
            AND m.flags & 16 AND NOT m.flags & 64 ORDER BY m.time, m.message_key LIMIT 1),
        (SELECT substr(m.content_text, 1, 200) FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent
            AND m.flags & 16 AND m.flags & 64 ORDER BY m.time, m.message_key LIMIT 1)) AS prompt,
    (SELECT count(*) FROM claude_message_rows AS m WHERE m.session = p.session AND m.agent = p.agent AND EXISTS (
        SELECT 1 FROM claude_message_rows AS o
        WHERE o.message_key = m.message_key AND o.type = m.type AND o.session <> m.session)) AS shared_messages
FROM claude_session_parts AS p;

-- Whose totals a message changes: the part it stands in, and those of other sessions that have it, too.
CREATE VIEW claude_message_parts AS
SELECT m.id AS id, p.id AS owner
FROM claude_message_rows AS m JOIN claude_session_parts AS p ON p.session = m.session AND p.agent = m.agent
UNION ALL
SELECT m.id, p.id
FROM claude_message_rows AS m
JOIN claude_message_rows AS o ON o.message_key = m.message_key AND o.session <> m.session
JOIN claude_session_parts AS p ON p.session = o.session AND p.agent = o.agent;

-- The sessions whose ties to others a message changes: those that have it, too, those that go on from it, and its own
-- where it goes on from one.
CREATE VIEW claude_message_sessions AS
SELECT m.id AS id, s.id AS owner
FROM claude_message_rows AS m
JOIN claude_message_rows AS o ON o.message_key = m.message_key AND o.session <> m.session
JOIN texts AS t ON t.id = o.session
JOIN claude_sessions AS s ON s.session_id = t.value
UNION ALL
SELECT m.id, s.id
FROM claude_message_rows AS m
JOIN claude_message_rows AS o ON o.logical_parent = m.message_key AND o.logical_parent IS NOT NULL
JOIN texts AS t ON t.id = o.session
JOIN claude_sessions AS s ON s.session_id = t.value
UNION ALL
SELECT m.id, s.id
FROM claude_message_rows AS m
JOIN texts AS t ON t.id = m.session
JOIN claude_sessions AS s ON s.session_id = t.value
WHERE m.logical_parent IS NOT NULL;

CREATE VIEW claude_part_sessions AS
SELECT p.id AS id, s.id AS owner
FROM claude_session_parts AS p
JOIN texts AS t ON t.id = p.session
JOIN claude_sessions AS s ON s.session_id = t.value;
CREATE VIEW claude_part_agents AS
SELECT p.id AS id, a.id AS owner
FROM claude_session_parts AS p
JOIN texts AS t ON t.id = p.session
JOIN texts AS g ON g.id = p.agent
JOIN claude_subagents AS a ON a.session_id = t.value AND a.subagent_id = g.value;

-- Responses of the model, each once however many lines, files and sessions repeat it: each count is the greatest that any
-- line has. first_seen is a JSON list of what its first line says: time, session, model, priced_as and agent; all but the
-- time are read from it. day is that of the first line in the zone of the database. priced_as is the model's name in
-- claude_prices. usage_key is a hash of message id and request id; without a message id of the uuid, else of the line.
CREATE TABLE claude_usage (
    id INTEGER PRIMARY KEY,
    usage_key BLOB NOT NULL UNIQUE,
    message_id TEXT,
    request_id TEXT,
    first_seen TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    day TEXT NOT NULL,
    speed TEXT,
    service_tier TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cache_creation_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_5m_tokens INTEGER,
    cache_1h_tokens INTEGER,
    thinking_tokens INTEGER,
    web_searches INTEGER,
    web_fetches INTEGER,
    reported_cost_usd REAL,
    session_id TEXT GENERATED ALWAYS AS (json_extract(first_seen, '$[1]')) VIRTUAL,
    model TEXT GENERATED ALWAYS AS (json_extract(first_seen, '$[2]')) VIRTUAL,
    priced_as TEXT GENERATED ALWAYS AS (json_extract(first_seen, '$[3]')) VIRTUAL,
    agent TEXT GENERATED ALWAYS AS (json_extract(first_seen, '$[4]')) VIRTUAL,
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
CREATE INDEX idx_claude_usage_session ON claude_usage(session_id);
CREATE INDEX idx_claude_usage_agent ON claude_usage(agent, session_id) WHERE agent IS NOT NULL;

-- The bucket that a response belongs to, and the agent that asked for it.
CREATE VIEW claude_usage_buckets AS
SELECT u.id AS id, d.id AS owner
FROM claude_usage AS u
JOIN claude_usage_daily AS d ON d.session_id = u.session_id AND d.day = u.day AND d.model = u.model;
CREATE VIEW claude_usage_agents AS
SELECT u.id AS id, a.id AS owner
FROM claude_usage AS u
JOIN claude_subagents AS a ON a.session_id = u.session_id AND a.subagent_id = u.agent;

-- Usage by day, session and model. starts_at is when the day begins. cost_usd is NULL where a price is unknown.
CREATE TABLE claude_usage_daily (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    session_id TEXT NOT NULL,
    model TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    priced_as TEXT,
    responses INTEGER,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cache_creation_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_5m_tokens INTEGER,
    cache_1h_tokens INTEGER,
    web_searches INTEGER,
    cost_usd REAL,
    reported_cost_usd REAL,
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
    UNIQUE (session_id, day, model)
);
CREATE INDEX idx_claude_usage_daily_starts_at ON claude_usage_daily(starts_at DESC, id DESC);
CREATE INDEX idx_claude_usage_daily_priced_as ON claude_usage_daily(priced_as, day);

CREATE VIEW claude_usage_daily_sessions AS
SELECT d.id AS id, s.id AS owner FROM claude_usage_daily AS d JOIN claude_sessions AS s ON s.session_id = d.session_id;

-- What each response cost: the price that held on its day, for prompts as long as its own.
CREATE VIEW claude_usage_costs AS
SELECT
    u.id AS id,
    (SELECT (u.input_tokens * p.input + u.output_tokens * p.output + u.cache_read_tokens * p.cache_read
            + max(u.cache_creation_tokens - u.cache_1h_tokens, 0) * p.cache_write_5m
            + u.cache_1h_tokens * p.cache_write_1h + u.web_searches * p.web_search * 1000.0) / 1000000.0
        FROM claude_prices AS p
        WHERE p.model = u.priced_as AND p.speed = u.speed AND p.from_day <= u.day
            AND p.above_tokens <= max(u.input_tokens + u.cache_creation_tokens + u.cache_read_tokens - 1, 0)
        ORDER BY p.from_day DESC, p.above_tokens DESC LIMIT 1) AS cost_usd
FROM claude_usage AS u;

CREATE VIEW claude_usage_daily_derived AS
SELECT
    d.id AS id,
    count(u.id) AS responses,
    coalesce(sum(u.input_tokens), 0) AS input_tokens,
    coalesce(sum(u.output_tokens), 0) AS output_tokens,
    coalesce(sum(u.cache_creation_tokens), 0) AS cache_creation_tokens,
    coalesce(sum(u.cache_read_tokens), 0) AS cache_read_tokens,
    coalesce(sum(u.cache_5m_tokens), 0) AS cache_5m_tokens,
    coalesce(sum(u.cache_1h_tokens), 0) AS cache_1h_tokens,
    coalesce(sum(u.web_searches), 0) AS web_searches,
    -- One response without a price makes the sum endless, and that is none.
    round(nullif(coalesce(sum(CASE WHEN u.id IS NOT NULL THEN coalesce(c.cost_usd, 9e999) END), 0), 9e999), 9) AS cost_usd,
    sum(u.reported_cost_usd) AS reported_cost_usd
FROM claude_usage_daily AS d
LEFT JOIN claude_usage AS u ON u.session_id = d.session_id AND u.day = d.day AND u.model = d.model
LEFT JOIN claude_usage_costs AS c ON c.id = u.id
GROUP BY d.id;

-- What tokens cost, in dollars a million, and searches of the web, in dollars a thousand: from a day on, for
-- prompts of more than so many tokens, at a speed ('' is the usual one). source says where the price was read.
CREATE TABLE claude_prices (
    id INTEGER PRIMARY KEY,
    model TEXT NOT NULL,
    from_day TEXT NOT NULL,
    above_tokens INTEGER NOT NULL,
    speed TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    input REAL NOT NULL,
    output REAL NOT NULL,
    cache_write_5m REAL NOT NULL,
    cache_write_1h REAL NOT NULL,
    cache_read REAL NOT NULL,
    web_search REAL NOT NULL,
    source TEXT,
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
    UNIQUE (model, speed, from_day, above_tokens)
);

CREATE VIEW claude_price_buckets AS
SELECT p.id AS id, d.id AS owner
FROM claude_prices AS p JOIN claude_usage_daily AS d ON d.priced_as = p.model AND d.day >= p.from_day;

-- What sessions say of themselves, once for each session, kind and value: titles (custom-title, custom-title.json,
-- ai-title, last-prompt, summary), agent-name, tag, pr-link, continued-in, forked-from, relocated and others. last_at is
-- the time and place where it was said last. leaf is the message that a summary is about, in whatever session.
CREATE TABLE claude_notes (
    id INTEGER PRIMARY KEY,
    note_key BLOB NOT NULL UNIQUE,
    session_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    leaf BLOB,
    details TEXT,
    timestamp TEXT NOT NULL,
    last_at TEXT NOT NULL,
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
CREATE INDEX idx_claude_notes_session ON claude_notes(session_id, kind);
CREATE INDEX idx_claude_notes_leaf ON claude_notes(leaf) WHERE leaf IS NOT NULL;
CREATE INDEX idx_claude_notes_continued ON claude_notes(value) WHERE kind = 'continued-in';
CREATE INDEX idx_claude_notes_timestamp ON claude_notes(timestamp DESC, id DESC);

-- The sessions that a note is about: its own, the one it names, and those that have the message of a summary.
CREATE VIEW claude_note_sessions AS
SELECT n.id AS id, s.id AS owner FROM claude_notes AS n JOIN claude_sessions AS s ON s.session_id = n.session_id
UNION ALL
SELECT n.id, s.id FROM claude_notes AS n JOIN claude_sessions AS s ON s.session_id = n.value
WHERE n.kind = 'continued-in'
UNION ALL
SELECT n.id, s.id
FROM claude_notes AS n
JOIN claude_message_rows AS m ON m.message_key = n.leaf
JOIN texts AS t ON t.id = m.session
JOIN claude_sessions AS s ON s.session_id = t.value
WHERE n.leaf IS NOT NULL;

-- The folders that sessions of a project's folder have worked in. is_own: its name is that of the project's folder.
CREATE TABLE claude_folders (
    id INTEGER PRIMARY KEY,
    project_encoded TEXT NOT NULL,
    path TEXT NOT NULL,
    source_device TEXT NOT NULL,
    is_own INTEGER NOT NULL,
    timestamp TEXT NOT NULL,
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
    UNIQUE (project_encoded, path, source_device)
);

CREATE VIEW claude_folder_sessions AS
SELECT f.id AS id, s.id AS owner
FROM claude_folders AS f JOIN claude_sessions AS s ON s.project_encoded = f.project_encoded
WHERE f.is_own = 1;

-- What is computed for sessions. The title is the best kind, of several the last; one that is empty is none.
CREATE VIEW claude_sessions_derived AS
SELECT
    s.id AS id,
    coalesce(s.relocated, s.recorded, s.sibling, s.project_encoded, '') AS project_path,
    CASE WHEN s.relocated IS NOT NULL THEN 'relocated' WHEN s.recorded IS NOT NULL THEN 'record'
        WHEN s.sibling IS NOT NULL THEN 'sibling' WHEN s.project_encoded IS NOT NULL THEN 'slug' END AS path_source,
    coalesce(s.custom_title, s.custom_title_file, s.ai_title, s.last_prompt, s.summary, s.prompt) AS summary,
    CASE WHEN s.custom_title IS NOT NULL THEN 'custom-title' WHEN s.custom_title_file IS NOT NULL THEN 'custom-title.json'
        WHEN s.ai_title IS NOT NULL THEN 'ai-title' WHEN s.last_prompt IS NOT NULL THEN 'last-prompt'
        WHEN s.summary IS NOT NULL THEN 'summary' WHEN s.prompt IS NOT NULL THEN 'prompt' END AS title_source,
    coalesce(
        (SELECT d.model FROM claude_usage_daily AS d
            WHERE d.session_id = s.session_id AND d.responses > 0 AND d.model NOT IN ('', '<synthetic>')
            GROUP BY d.model ORDER BY sum(d.responses) DESC, d.model LIMIT 1),
        s.last_model) AS model_primary,
    s.claude_version AS claude_version,
    s.git_branch AS git_branch,
    s.user_messages + s.assistant_messages AS total_messages,
    s.user_messages AS user_messages,
    s.assistant_messages AS assistant_messages,
    s.human_messages AS human_messages,
    s.compactions AS compactions,
    s.ended_at AS ended_at,
    round((julianday(s.ended_at) - julianday(s.started_at)) * 86400.0, 3) AS duration_seconds,
    (SELECT coalesce(sum(responses), 0) FROM claude_usage_daily WHERE session_id = s.session_id) AS responses,
    (SELECT coalesce(sum(input_tokens), 0) FROM claude_usage_daily WHERE session_id = s.session_id) AS total_input_tokens,
    (SELECT coalesce(sum(output_tokens), 0) FROM claude_usage_daily WHERE session_id = s.session_id) AS total_output_tokens,
    (SELECT coalesce(sum(cache_read_tokens), 0) FROM claude_usage_daily WHERE session_id = s.session_id) AS total_cache_read_tokens,
    (SELECT coalesce(sum(cache_creation_tokens), 0) FROM claude_usage_daily WHERE session_id = s.session_id) AS total_cache_creation_tokens,
    (SELECT coalesce(sum(cache_5m_tokens), 0) FROM claude_usage_daily WHERE session_id = s.session_id) AS total_cache_5m_tokens,
    (SELECT coalesce(sum(cache_1h_tokens), 0) FROM claude_usage_daily WHERE session_id = s.session_id) AS total_cache_1h_tokens,
    (SELECT coalesce(sum(web_searches), 0) FROM claude_usage_daily WHERE session_id = s.session_id) AS web_searches,
    (SELECT CASE WHEN count(*) = count(cost_usd) THEN round(coalesce(sum(cost_usd), 0), 9) END
        FROM claude_usage_daily WHERE session_id = s.session_id AND responses > 0) AS cost_usd,
    (SELECT sum(reported_cost_usd) FROM claude_usage_daily WHERE session_id = s.session_id) AS reported_cost_usd,
    (SELECT count(*) FROM claude_subagents AS a WHERE a.session_id = s.session_id) AS subagents,
    s.shared_messages AS shared_messages,
    CASE WHEN s.shared_messages > 0 THEN (
        SELECT k.session_id FROM claude_message_rows AS m
        JOIN claude_message_rows AS o ON o.message_key = m.message_key AND o.type = m.type AND o.session <> m.session
        JOIN texts AS w ON w.id = o.session
        JOIN claude_sessions AS k ON k.session_id = w.value
        WHERE m.session = s.number ORDER BY k.started_at, k.session_id LIMIT 1) END AS shares_with,
    (SELECT n.value FROM claude_notes AS n WHERE n.session_id = s.session_id AND n.kind = 'forked-from'
        ORDER BY n.last_at DESC, n.value LIMIT 1) AS forked_from,
    coalesce(
        (SELECT n.session_id FROM claude_notes AS n WHERE n.kind = 'continued-in' AND n.value = s.session_id
            ORDER BY n.last_at DESC, n.session_id LIMIT 1),
        (SELECT w.value FROM claude_message_rows AS m
            JOIN claude_message_rows AS o ON o.message_key = m.logical_parent
            JOIN texts AS w ON w.id = o.session
            WHERE m.session = s.number AND m.logical_parent IS NOT NULL AND o.session <> m.session
                AND NOT EXISTS (SELECT 1 FROM claude_message_rows AS q
                    WHERE q.message_key = m.logical_parent AND q.session = m.session)
            ORDER BY o.time DESC, w.value LIMIT 1)) AS continued_from,
    (SELECT n.value FROM claude_notes AS n WHERE n.session_id = s.session_id AND n.kind = 'continued-in'
        ORDER BY n.last_at DESC, n.value LIMIT 1) AS continued_in
FROM (
    SELECT
        s.id AS id,
        s.session_id AS session_id,
        s.project_encoded AS project_encoded,
        s.started_at AS started_at,
        t.id AS number,
        (SELECT n.value FROM claude_notes AS n WHERE n.session_id = s.session_id AND n.kind = 'custom-title'
            AND trim(n.value) <> '' ORDER BY n.last_at DESC, n.value LIMIT 1) AS custom_title,
        (SELECT n.value FROM claude_notes AS n WHERE n.session_id = s.session_id AND n.kind = 'custom-title.json'
            AND trim(n.value) <> '' ORDER BY n.last_at DESC, n.value LIMIT 1) AS custom_title_file,
        (SELECT n.value FROM claude_notes AS n WHERE n.session_id = s.session_id AND n.kind = 'ai-title'
            AND trim(n.value) <> '' ORDER BY n.last_at DESC, n.value LIMIT 1) AS ai_title,
        (SELECT n.value FROM claude_notes AS n WHERE n.session_id = s.session_id AND n.kind = 'last-prompt'
            AND trim(n.value) <> '' ORDER BY n.last_at DESC, n.value LIMIT 1) AS last_prompt,
        (SELECT n.value FROM claude_notes AS n WHERE n.leaf IS NOT NULL AND trim(n.value) <> '' AND EXISTS (
            SELECT 1 FROM claude_message_rows AS m WHERE m.message_key = n.leaf AND m.session = t.id)
            ORDER BY n.last_at DESC, n.value LIMIT 1) AS summary,
        p.prompt AS prompt,
        (SELECT n.value FROM claude_notes AS n WHERE n.session_id = s.session_id AND n.kind = 'relocated'
            AND trim(n.value) <> '' ORDER BY n.last_at DESC, n.value LIMIT 1) AS relocated,
        coalesce(p.cwd, (SELECT min(q.cwd) FROM claude_session_parts AS q WHERE q.session = t.id)) AS recorded,
        (SELECT f.path FROM claude_folders AS f WHERE f.project_encoded = s.project_encoded AND f.is_own = 1
            ORDER BY f.path LIMIT 1) AS sibling,
        coalesce(p.model, (SELECT max(q.model) FROM claude_session_parts AS q WHERE q.session = t.id)) AS last_model,
        coalesce(p.claude_version, (SELECT max(q.claude_version) FROM claude_session_parts AS q WHERE q.session = t.id)) AS claude_version,
        coalesce(p.git_branch, (SELECT max(q.git_branch) FROM claude_session_parts AS q WHERE q.session = t.id)) AS git_branch,
        (SELECT coalesce(sum(json_extract(q.counts, '$[0]')), 0) FROM claude_session_parts AS q WHERE q.session = t.id) AS user_messages,
        (SELECT coalesce(sum(json_extract(q.counts, '$[1]')), 0) FROM claude_session_parts AS q WHERE q.session = t.id) AS assistant_messages,
        (SELECT coalesce(sum(json_extract(q.counts, '$[2]')), 0) FROM claude_session_parts AS q WHERE q.session = t.id) AS human_messages,
        (SELECT coalesce(sum(json_extract(q.counts, '$[3]')), 0) FROM claude_session_parts AS q WHERE q.session = t.id) AS compactions,
        (SELECT max(q.ended_at) FROM claude_session_parts AS q WHERE q.session = t.id) AS ended_at,
        (SELECT coalesce(sum(q.shared_messages), 0) FROM claude_session_parts AS q WHERE q.session = t.id) AS shared_messages
    FROM claude_sessions AS s
    LEFT JOIN texts AS t ON t.value = s.session_id
    LEFT JOIN claude_session_parts AS p ON p.session = t.id AND p.agent = (SELECT id FROM texts WHERE value = '')
) AS s;

-- Agents that a session started, and helpers that the program started by itself. The call that started one is found by
-- what its own side file says (meta), else by the result of the call (result), else by progress that the call reported.
CREATE TABLE claude_subagents (
    id INTEGER PRIMARY KEY,
    parent_session_id INTEGER REFERENCES claude_sessions(id) ON DELETE CASCADE,
    subagent_id TEXT NOT NULL,
    subagent_type TEXT,
    description TEXT,
    source_file TEXT,
    total_messages INTEGER DEFAULT 0,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    metadata TEXT,
    session_id TEXT NOT NULL,
    time_source TEXT,
    workflow TEXT,
    workflow_key TEXT,
    result TEXT,
    tool_use_meta TEXT,
    tool_use_result TEXT,
    tool_use_progress TEXT,
    tool_use_id TEXT,
    tool_link TEXT,
    call_message_key BLOB,
    responses INTEGER DEFAULT 0,
    input_tokens INTEGER DEFAULT 0,
    output_tokens INTEGER DEFAULT 0,
    cache_creation_tokens INTEGER DEFAULT 0,
    cache_read_tokens INTEGER DEFAULT 0,
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
    UNIQUE (session_id, subagent_id)
);
CREATE INDEX idx_claude_subagents_parent ON claude_subagents(parent_session_id);
CREATE INDEX idx_claude_subagents_started_at ON claude_subagents(started_at DESC, id DESC);

CREATE VIEW claude_subagents_derived AS
SELECT
    a.id AS id,
    coalesce(json_extract(p.counts, '$[0]') + json_extract(p.counts, '$[1]'), 0) AS total_messages,
    p.ended_at AS ended_at,
    a.call AS tool_use_id,
    CASE a.call WHEN a.tool_use_meta THEN 'meta' WHEN a.tool_use_result THEN 'result' WHEN a.tool_use_progress THEN 'progress' END AS tool_link,
    (SELECT c.message_key FROM claude_agent_calls AS c
        WHERE c.tool_use_id = a.call AND c.session_id = a.session_id) AS call_message_key,
    (SELECT count(*) FROM claude_usage AS u WHERE u.agent = a.subagent_id AND u.session_id = a.session_id) AS responses,
    (SELECT coalesce(sum(u.input_tokens), 0) FROM claude_usage AS u WHERE u.agent = a.subagent_id AND u.session_id = a.session_id) AS input_tokens,
    (SELECT coalesce(sum(u.output_tokens), 0) FROM claude_usage AS u WHERE u.agent = a.subagent_id AND u.session_id = a.session_id) AS output_tokens,
    (SELECT coalesce(sum(u.cache_creation_tokens), 0) FROM claude_usage AS u WHERE u.agent = a.subagent_id AND u.session_id = a.session_id) AS cache_creation_tokens,
    (SELECT coalesce(sum(u.cache_read_tokens), 0) FROM claude_usage AS u WHERE u.agent = a.subagent_id AND u.session_id = a.session_id) AS cache_read_tokens
FROM (SELECT *, coalesce(tool_use_meta, tool_use_result, tool_use_progress) AS call FROM claude_subagents) AS a
LEFT JOIN texts AS t ON t.value = a.session_id
LEFT JOIN texts AS g ON g.value = a.subagent_id
LEFT JOIN claude_session_parts AS p ON p.session = t.id AND p.agent = g.id;

CREATE VIEW claude_subagent_sessions AS
SELECT a.id AS id, s.id AS owner FROM claude_subagents AS a JOIN claude_sessions AS s ON s.session_id = a.session_id;

-- Calls of tools that start agents.
CREATE TABLE claude_agent_calls (
    id INTEGER PRIMARY KEY,
    tool_use_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    message_key BLOB NOT NULL,
    tool TEXT NOT NULL,
    subagent_type TEXT,
    description TEXT,
    prompt TEXT,
    timestamp TEXT NOT NULL,
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
    UNIQUE (tool_use_id, session_id)
);
CREATE INDEX idx_claude_agent_calls_timestamp ON claude_agent_calls(timestamp DESC, id DESC);

CREATE VIEW claude_agent_call_agents AS
SELECT c.id AS id, a.id AS owner
FROM claude_agent_calls AS c JOIN claude_subagents AS a ON a.session_id = c.session_id
WHERE c.tool_use_id IN (a.tool_use_meta, a.tool_use_result, a.tool_use_progress);

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

-- Lists of tasks as they stood last. todos is the JSON list that the file has, text what its entries say.
CREATE TABLE claude_todos (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    source_device TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    total INTEGER NOT NULL,
    completed INTEGER NOT NULL,
    todos TEXT NOT NULL,
    text TEXT NOT NULL,
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
    UNIQUE (session_id, agent_id, source_device)
);
CREATE INDEX idx_claude_todos_timestamp ON claude_todos(timestamp DESC, id DESC);

CREATE VIRTUAL TABLE claude_todos_fts USING fts5(
    text, content = 'claude_todos', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER claude_todos_ai AFTER INSERT ON claude_todos BEGIN
    INSERT INTO claude_todos_fts(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER claude_todos_ad AFTER DELETE ON claude_todos BEGIN
    INSERT INTO claude_todos_fts(claude_todos_fts, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER claude_todos_au AFTER UPDATE OF id, text ON claude_todos BEGIN
    INSERT INTO claude_todos_fts(claude_todos_fts, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO claude_todos_fts(rowid, text) VALUES (new.id, new.text);
END;

-- Outputs of tools that were too long for the log and lie in files of their own. content is the start of the file.
CREATE TABLE claude_tool_results (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    name TEXT NOT NULL,
    source_device TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    file_path TEXT,
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
    content TEXT,
    UNIQUE (session_id, name, source_device)
);
CREATE INDEX idx_claude_tool_results_timestamp ON claude_tool_results(timestamp DESC, id DESC);

CREATE VIRTUAL TABLE claude_tool_results_fts USING fts5(
    content, name, content = 'claude_tool_results', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER claude_tool_results_ai AFTER INSERT ON claude_tool_results BEGIN
    INSERT INTO claude_tool_results_fts(rowid, content, name) VALUES (new.id, new.content, new.name);
END;
CREATE TRIGGER claude_tool_results_ad AFTER DELETE ON claude_tool_results BEGIN
    INSERT INTO claude_tool_results_fts(claude_tool_results_fts, rowid, content, name) VALUES ('delete', old.id, old.content, old.name);
END;
CREATE TRIGGER claude_tool_results_au AFTER UPDATE OF id, content, name ON claude_tool_results BEGIN
    INSERT INTO claude_tool_results_fts(claude_tool_results_fts, rowid, content, name) VALUES ('delete', old.id, old.content, old.name);
    INSERT INTO claude_tool_results_fts(rowid, content, name) VALUES (new.id, new.content, new.name);
END;

-- Pictures in messages. position counts those of a message.
CREATE TABLE claude_images (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    message_key BLOB NOT NULL,
    position INTEGER NOT NULL,
    blake3 TEXT NOT NULL,
    media_type TEXT,
    size_bytes INTEGER NOT NULL,
    timestamp TEXT NOT NULL,
    source_device TEXT NOT NULL,
    file_path TEXT,
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
    UNIQUE (session_id, message_key, position)
);
CREATE INDEX idx_claude_images_timestamp ON claude_images(timestamp DESC, id DESC);
CREATE INDEX idx_claude_images_blake3 ON claude_images(blake3);

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
    cs.subagents AS subagent_count,
    cs.cost_usd AS cost_usd,
    (SELECT c.missing FROM origins AS o JOIN checkpoints AS c ON c.source = o.source AND c.unit = o.unit
        WHERE o.id = cs.origin) AS source_gone
FROM claude_sessions AS cs
ORDER BY cs.started_at DESC;

CREATE VIEW v_token_usage_daily AS
SELECT
    d.day AS date,
    s.source_device AS source_device,
    count(DISTINCT d.session_id) AS session_count,
    sum(d.input_tokens) AS input_tokens,
    sum(d.output_tokens) AS output_tokens,
    sum(d.cache_read_tokens) AS cache_read_tokens,
    sum(d.input_tokens + d.output_tokens) AS total_tokens,
    sum(d.cache_creation_tokens) AS cache_creation_tokens,
    CASE WHEN count(*) = count(d.cost_usd) THEN sum(d.cost_usd) END AS cost_usd
FROM claude_usage_daily AS d
JOIN claude_sessions AS s ON s.session_id = d.session_id
WHERE d.responses > 0
GROUP BY d.day, s.source_device
ORDER BY date DESC;

-- Usage by project, day and model.
CREATE VIEW v_claude_usage AS
SELECT
    s.project_path AS project_path,
    d.day AS day,
    d.model AS model,
    count(DISTINCT d.session_id) AS sessions,
    sum(d.responses) AS responses,
    sum(d.input_tokens) AS input_tokens,
    sum(d.output_tokens) AS output_tokens,
    sum(d.cache_creation_tokens) AS cache_creation_tokens,
    sum(d.cache_read_tokens) AS cache_read_tokens,
    sum(d.cache_5m_tokens) AS cache_5m_tokens,
    sum(d.cache_1h_tokens) AS cache_1h_tokens,
    sum(d.web_searches) AS web_searches,
    CASE WHEN count(*) = count(d.cost_usd) THEN sum(d.cost_usd) END AS cost_usd
FROM claude_usage_daily AS d
JOIN claude_sessions AS s ON s.session_id = d.session_id
WHERE d.responses > 0
GROUP BY s.project_path, d.day, d.model;

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
