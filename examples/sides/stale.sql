-- What side B missed while it was away, and what was damaged there.
BEGIN;
DELETE FROM skill_group_member WHERE agent_id > 195;
DELETE FROM agent WHERE agent_id > 195;
UPDATE agent SET team_id = 1, changed_at = NULL WHERE agent_id % 20 = 7;
UPDATE call_type SET description = 'calls of queue 4' WHERE name = 'Queue_04';
INSERT INTO call_type VALUES ('Queue_99', 'Only here', 1);
COMMIT;
VACUUM;
