-- What a weather station measures. Tables of a foreign plugin live beside the stock ones in the same database.
CREATE TABLE weather (
    id INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    at TEXT NOT NULL,       -- UTC
    temperature REAL,       -- degrees Celsius
    humidity INTEGER,       -- per cent
    remark TEXT NOT NULL
    /* kept by the store */,
    UNIQUE (station, at)
);
CREATE INDEX weather_by_time ON weather (at);
CREATE VIRTUAL TABLE weather_fts USING fts5(remark, content = weather, content_rowid = id);
-- Views are for whoever asks: `datalake-weather query "SELECT * FROM weather_days"`.
CREATE VIEW weather_days AS
    SELECT station, substr(at, 1, 10) AS day, min(temperature) AS coldest, max(temperature) AS warmest
    FROM weather GROUP BY station, day;
