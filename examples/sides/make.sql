-- The two small sides of the examples. Make them anew in this folder, each from an empty file:
--   sqlite3 a.db < make.sql
--   sqlite3 b.db < make.sql && sqlite3 b.db < stale.sql
PRAGMA journal_mode = DELETE;
CREATE TABLE agent (
    agent_id INTEGER PRIMARY KEY,
    login_name TEXT NOT NULL UNIQUE,
    team_id INTEGER NOT NULL REFERENCES agent_team (team_id),
    supervisor INTEGER NOT NULL DEFAULT 0,
    changed_at TEXT
);
CREATE TABLE agent_team (
    team_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);
CREATE TABLE call_type (
    name TEXT PRIMARY KEY,
    description TEXT,
    threshold_seconds REAL
);
CREATE TABLE skill_group_member (
    skill_group_id INTEGER NOT NULL,
    agent_id INTEGER NOT NULL REFERENCES agent (agent_id),
    priority INTEGER,
    PRIMARY KEY (skill_group_id, agent_id)
) WITHOUT ROWID;

BEGIN;
INSERT INTO agent_team
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8)
SELECT i, 'Team ' || char(64 + i) FROM n;
INSERT INTO agent
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
SELECT i, printf('agent%04d', i), 1 + i % 8, i % 25 = 0, datetime('2004-11-01', i || ' hours') FROM n;
INSERT INTO call_type
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
SELECT printf('Queue_%02d', i), CASE WHEN i % 3 THEN 'Calls of queue ' || i END, i * 2.5 FROM n;
INSERT INTO skill_group_member
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
SELECT 1 + i % 10, 1 + i % 200, i % 5 FROM n WHERE true
ON CONFLICT DO NOTHING;
COMMIT;
VACUUM;
