-- Whatever a document is made of marks it when it changes, in the same transaction: actions, imports, the demo and
-- statements typed by hand alike. The domains below know nothing of the index.

CREATE FUNCTION mark_new_posts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, subject) SELECT 'post', id FROM changed;
    RETURN NULL;
END $$;
CREATE FUNCTION mark_new_cases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, subject) SELECT DISTINCT 'case', case_id FROM changed;
    RETURN NULL;
END $$;
CREATE FUNCTION mark_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, subject) VALUES ('post', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END $$;
CREATE FUNCTION mark_post_of() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, subject) VALUES ('post', coalesce(NEW.post_id, OLD.post_id));
    RETURN NULL;
END $$;
CREATE FUNCTION mark_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, subject) VALUES ('case', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END $$;
CREATE FUNCTION mark_case_of() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, subject) VALUES ('case', coalesce(NEW.case_id, OLD.case_id));
    RETURN NULL;
END $$;
CREATE FUNCTION mark_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_mark (source, subject) VALUES ('service', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END $$;

CREATE TRIGGER search_new AFTER INSERT ON post REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION mark_new_posts();
CREATE TRIGGER search_changed AFTER UPDATE ON post FOR EACH ROW
    WHEN ((OLD.title, OLD.text, OLD.visibility, OLD.path, OLD.votes_count, OLD.cover_id, OLD.created_at)
          IS DISTINCT FROM (NEW.title, NEW.text, NEW.visibility, NEW.path, NEW.votes_count, NEW.cover_id, NEW.created_at))
    EXECUTE FUNCTION mark_post();
CREATE TRIGGER search_gone AFTER DELETE ON post FOR EACH ROW EXECUTE FUNCTION mark_post();

CREATE TRIGGER search_new AFTER INSERT OR DELETE ON comment FOR EACH ROW EXECUTE FUNCTION mark_post_of();
CREATE TRIGGER search_changed AFTER UPDATE ON comment FOR EACH ROW
    WHEN ((OLD.text, OLD.hidden_at, OLD.department_id) IS DISTINCT FROM (NEW.text, NEW.hidden_at, NEW.department_id))
    EXECUTE FUNCTION mark_post_of();

CREATE TRIGGER search_changed AFTER UPDATE OR DELETE ON report FOR EACH ROW EXECUTE FUNCTION mark_post_of();
CREATE TRIGGER search_new AFTER INSERT ON report REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION mark_new_cases();
CREATE TRIGGER search_case_changed AFTER UPDATE ON report FOR EACH ROW EXECUTE FUNCTION mark_case_of();

CREATE TRIGGER search_changed AFTER UPDATE ON case_file FOR EACH ROW
    WHEN ((OLD.status, OLD.category_id, OLD.area_id, OLD.department_id, OLD.merged_into_id)
          IS DISTINCT FROM (NEW.status, NEW.category_id, NEW.area_id, NEW.department_id, NEW.merged_into_id))
    EXECUTE FUNCTION mark_case();
CREATE TRIGGER search_new AFTER INSERT ON case_event REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION mark_new_cases();
CREATE TRIGGER search_changed AFTER UPDATE ON case_event FOR EACH ROW EXECUTE FUNCTION mark_case_of();
CREATE TRIGGER search_new AFTER INSERT ON assignment REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION mark_new_cases();
CREATE TRIGGER search_changed AFTER UPDATE OF department_id, case_id ON assignment FOR EACH ROW
    EXECUTE FUNCTION mark_case_of();

CREATE TRIGGER search_changed AFTER UPDATE ON traffic_update FOR EACH ROW
    WHEN ((OLD.kind, OLD.area_id, OLD.lat, OLD.lon, OLD.place, OLD.expires_at)
          IS DISTINCT FROM (NEW.kind, NEW.area_id, NEW.lat, NEW.lon, NEW.place, NEW.expires_at))
    EXECUTE FUNCTION mark_post_of();
CREATE TRIGGER search_changed AFTER UPDATE OR DELETE ON rating FOR EACH ROW EXECUTE FUNCTION mark_post_of();
CREATE TRIGGER search_new AFTER INSERT OR DELETE ON service FOR EACH ROW EXECUTE FUNCTION mark_service();
CREATE TRIGGER search_changed AFTER UPDATE ON service FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION mark_service();

-- Another pack: everything that has the changed name, or lies in the changed area.
CREATE FUNCTION mark_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'category' THEN
        INSERT INTO search_mark (source, subject) SELECT 'case', id FROM case_file WHERE category_id = NEW.id;
    ELSIF TG_TABLE_NAME = 'department' THEN
        INSERT INTO search_mark (source, subject) SELECT 'case', id FROM case_file WHERE department_id = NEW.id;
        INSERT INTO search_mark (source, subject) SELECT 'service', id FROM service WHERE department_id = NEW.id;
    ELSE
        INSERT INTO search_mark (source, subject)
        WITH RECURSIVE below AS (
            SELECT NEW.id UNION SELECT area.id FROM area JOIN below ON area.parent_id = below.id)
        SELECT 'post', post_id FROM report WHERE area_id IN (SELECT id FROM below)
        UNION SELECT 'post', post_id FROM traffic_update WHERE area_id IN (SELECT id FROM below)
        UNION SELECT 'case', id FROM case_file WHERE area_id IN (SELECT id FROM below);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER search_renamed AFTER UPDATE ON category FOR EACH ROW
    WHEN ((OLD.names, OLD."group", OLD.group_code) IS DISTINCT FROM (NEW.names, NEW."group", NEW.group_code))
    EXECUTE FUNCTION mark_renamed();
CREATE TRIGGER search_renamed AFTER UPDATE ON department FOR EACH ROW WHEN (OLD.names IS DISTINCT FROM NEW.names)
    EXECUTE FUNCTION mark_renamed();
CREATE TRIGGER search_renamed AFTER UPDATE ON area FOR EACH ROW
    WHEN ((OLD.names, OLD.parent_id) IS DISTINCT FROM (NEW.names, NEW.parent_id))
    EXECUTE FUNCTION mark_renamed();

-- What is there already.
INSERT INTO search_mark (source, subject) SELECT 'post', id FROM post;
INSERT INTO search_mark (source, subject) SELECT 'case', id FROM case_file;
INSERT INTO search_mark (source, subject) SELECT 'service', id FROM service;
