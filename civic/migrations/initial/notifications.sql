-- Messages are found by how their keys begin, to take a text out of them: in this collation the unique index does that.
ALTER TABLE message ALTER COLUMN key TYPE varchar(200) COLLATE "C";
-- The addresses that are to be forgotten one day: civic/notifications/sql.py.
CREATE INDEX message_addresses ON message (created_at) WHERE email <> '';
