-- Whatever a document is made of marks it when it changes, in the same transaction: actions, imports, the demo and
-- statements typed by hand alike. The domains below know nothing of the index. A trigger that is given 'urgent' tells of
-- what must not be found any more.

CREATE FUNCTION mark_new_posts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, item_id) SELECT 'post', id FROM changed;
    RETURN NULL;
END $$;
CREATE FUNCTION mark_new_cases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, item_id) SELECT DISTINCT 'case', case_id FROM changed;
    RETURN NULL;
END $$;
CREATE FUNCTION mark_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, item_id, urgent) VALUES ('post', coalesce(NEW.id, OLD.id), TG_NARGS > 0);
    RETURN NULL;
END $$;
CREATE FUNCTION mark_post_of() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, item_id, urgent)
    VALUES ('post', coalesce(NEW.post_id, OLD.post_id), TG_NARGS > 0);
    RETURN NULL;
END $$;
CREATE FUNCTION mark_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, item_id) VALUES ('case', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION mark_case_of() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, item_id, urgent)
    SELECT DISTINCT 'case', one, TG_NARGS > 0 FROM (VALUES (NEW.case_id), (OLD.case_id)) AS x (one) WHERE one IS NOT NULL;
    RETURN NULL;
END $$;
CREATE FUNCTION mark_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, item_id) VALUES ('service', coalesce(NEW.id, OLD.id));
    INSERT INTO search_mark (source, item_id) SELECT 'post', post_id FROM rating WHERE service_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER search_new AFTER INSERT ON post REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION mark_new_posts();
CREATE TRIGGER search_changed AFTER UPDATE ON post FOR EACH ROW
    WHEN ((OLD.title, OLD.text, OLD.visibility, OLD.path, OLD.votes_count, OLD.cover_id, OLD.created_at)
          IS DISTINCT FROM (NEW.title, NEW.text, NEW.visibility, NEW.path, NEW.votes_count, NEW.cover_id, NEW.created_at))
    EXECUTE FUNCTION mark_post();
CREATE TRIGGER search_hidden AFTER UPDATE OF visibility ON post FOR EACH ROW
    WHEN (OLD.visibility <> NEW.visibility AND NEW.visibility <> 'public') EXECUTE FUNCTION mark_post('urgent');
CREATE TRIGGER search_gone AFTER DELETE ON post FOR EACH ROW EXECUTE FUNCTION mark_post('urgent');

CREATE TRIGGER search_new AFTER INSERT ON comment FOR EACH ROW EXECUTE FUNCTION mark_post_of();
CREATE TRIGGER search_gone AFTER DELETE ON comment FOR EACH ROW EXECUTE FUNCTION mark_post_of('urgent');
CREATE TRIGGER search_hidden AFTER UPDATE OF hidden_at ON comment FOR EACH ROW
    WHEN (OLD.hidden_at IS NULL AND NEW.hidden_at IS NOT NULL) EXECUTE FUNCTION mark_post_of('urgent');
CREATE TRIGGER search_changed AFTER UPDATE ON comment FOR EACH ROW
    WHEN ((OLD.text, OLD.hidden_at, OLD.department_id) IS DISTINCT FROM (NEW.text, NEW.hidden_at, NEW.department_id))
    EXECUTE FUNCTION mark_post_of();

CREATE TRIGGER search_changed AFTER UPDATE ON report FOR EACH ROW EXECUTE FUNCTION mark_post_of();
CREATE TRIGGER search_gone AFTER DELETE ON report FOR EACH ROW EXECUTE FUNCTION mark_post_of('urgent');
CREATE TRIGGER search_case_gone AFTER DELETE ON report FOR EACH ROW EXECUTE FUNCTION mark_case_of('urgent');
CREATE TRIGGER search_new AFTER INSERT ON report REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION mark_new_cases();
CREATE TRIGGER search_case_changed AFTER UPDATE ON report FOR EACH ROW EXECUTE FUNCTION mark_case_of();

CREATE TRIGGER search_changed AFTER UPDATE ON case_file FOR EACH ROW
    WHEN ((OLD.number, OLD.status, OLD.confirmed_by, OLD.category_id, OLD.area_id, OLD.department_id, OLD.received_at)
          IS DISTINCT FROM
          (NEW.number, NEW.status, NEW.confirmed_by, NEW.category_id, NEW.area_id, NEW.department_id, NEW.received_at))
    EXECUTE FUNCTION mark_case();
CREATE TRIGGER search_new AFTER INSERT ON case_event REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION mark_new_cases();
CREATE TRIGGER search_changed AFTER UPDATE ON case_event FOR EACH ROW EXECUTE FUNCTION mark_case_of('urgent');
CREATE TRIGGER search_new AFTER INSERT ON assignment REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION mark_new_cases();
CREATE TRIGGER search_changed AFTER UPDATE OF department_id, case_id ON assignment FOR EACH ROW
    EXECUTE FUNCTION mark_case_of();
CREATE TRIGGER search_gone AFTER DELETE ON assignment FOR EACH ROW EXECUTE FUNCTION mark_case_of('urgent');

CREATE TRIGGER search_changed AFTER UPDATE ON traffic_update FOR EACH ROW
    WHEN ((OLD.kind, OLD.area_id, OLD.lat, OLD.lon, OLD.place, OLD.near, OLD.expires_at)
          IS DISTINCT FROM (NEW.kind, NEW.area_id, NEW.lat, NEW.lon, NEW.place, NEW.near, NEW.expires_at))
    EXECUTE FUNCTION mark_post_of();
CREATE TRIGGER search_gone AFTER DELETE ON traffic_update FOR EACH ROW EXECUTE FUNCTION mark_post_of('urgent');
CREATE TRIGGER search_changed AFTER UPDATE ON rating FOR EACH ROW EXECUTE FUNCTION mark_post_of();
CREATE TRIGGER search_gone AFTER DELETE ON rating FOR EACH ROW EXECUTE FUNCTION mark_post_of('urgent');
CREATE TRIGGER search_new AFTER INSERT OR DELETE ON service FOR EACH ROW EXECUTE FUNCTION mark_service();
CREATE TRIGGER search_changed AFTER UPDATE ON service FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION mark_service();

-- Another pack: everything that has the changed name, or lies in the changed area.
CREATE FUNCTION mark_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'category' THEN
        INSERT INTO search_mark (source, item_id)
        SELECT 'case', id FROM case_file WHERE category_id = NEW.id
        UNION SELECT 'post', r.post_id FROM report r JOIN case_file c ON c.id = r.case_id
        WHERE r.category_id = NEW.id AND c.category_id IS NULL;
    ELSIF TG_TABLE_NAME = 'department' THEN
        INSERT INTO search_mark (source, item_id) SELECT 'case', id FROM case_file WHERE department_id = NEW.id;
        INSERT INTO search_mark (source, item_id) SELECT 'service', id FROM service WHERE department_id = NEW.id;
    ELSE
        INSERT INTO search_mark (source, item_id)
        WITH RECURSIVE below AS (
            SELECT NEW.id UNION SELECT area.id FROM area JOIN below ON area.parent_id = below.id)
        SELECT 'post', post_id FROM report WHERE area_id IN (SELECT id FROM below)
        UNION SELECT 'post', post_id FROM traffic_update WHERE area_id IN (SELECT id FROM below)
        UNION SELECT 'case', id FROM case_file WHERE area_id IN (SELECT id FROM below);
    END IF;
    RETURN NULL;
END $$;
-- Where a service is follows from the outlines.
CREATE FUNCTION mark_placed_services() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, item_id) SELECT 'service', id FROM service WHERE lat IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER search_renamed AFTER UPDATE ON category FOR EACH ROW
    WHEN ((OLD.names, OLD."group", OLD.questions) IS DISTINCT FROM (NEW.names, NEW."group", NEW.questions))
    EXECUTE FUNCTION mark_renamed();
CREATE TRIGGER search_renamed AFTER UPDATE ON department FOR EACH ROW WHEN (OLD.names IS DISTINCT FROM NEW.names)
    EXECUTE FUNCTION mark_renamed();
CREATE TRIGGER search_renamed AFTER UPDATE ON area FOR EACH ROW
    WHEN ((OLD.names, OLD.parent_id, OLD.level, OLD.retired_at)
          IS DISTINCT FROM (NEW.names, NEW.parent_id, NEW.level, NEW.retired_at))
    EXECUTE FUNCTION mark_renamed();
CREATE TRIGGER search_placed AFTER INSERT OR UPDATE OF parent_id, level, retired_at, geometry ON area
    FOR EACH STATEMENT EXECUTE FUNCTION mark_placed_services();

-- What is there already.
INSERT INTO search_mark (source, item_id) SELECT 'post', id FROM post;
INSERT INTO search_mark (source, item_id) SELECT 'case', id FROM case_file;
INSERT INTO search_mark (source, item_id) SELECT 'service', id FROM service;
