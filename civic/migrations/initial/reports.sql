-- What follows when a moderator hides or restores a report, or its category makes it private.
CREATE FUNCTION report_seen_otherwise() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_case bigint;
    stands bigint;
BEGIN
    SELECT case_id INTO of_case FROM report WHERE post_id = NEW.id;

    -- The photos of its case's history are for everybody while one of the case's reports is.
    UPDATE photo SET public = shown.public
    FROM (
        SELECT x.photo_id, NOT e.internal AND EXISTS (
                   SELECT FROM report r JOIN post p ON p.id = r.post_id
                   WHERE r.case_id = of_case AND p.visibility = 'public') AS public
        FROM case_event e JOIN case_event_photo x ON x.case_event_id = e.id WHERE e.case_id = of_case
    ) shown
    WHERE photo.id = shown.photo_id AND photo.public <> shown.public;

    -- A report that everybody may see stands for its case in lists and on the map, if there is one.
    SELECT r.id INTO stands FROM report r JOIN post p ON p.id = r.post_id
    WHERE r.case_id = of_case ORDER BY p.visibility = 'public' DESC, r.main DESC, r.id LIMIT 1;
    UPDATE report SET main = (id = stands) WHERE case_id = of_case AND main <> (id = stands);
    RETURN NULL;
END $$;

CREATE TRIGGER report_seen_otherwise AFTER UPDATE OF visibility ON post FOR EACH ROW
    WHEN (NEW.kind = 'report' AND OLD.visibility <> NEW.visibility)
    EXECUTE FUNCTION report_seen_otherwise();
