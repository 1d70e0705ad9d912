-- A release never changes; a correction is a new one, and each is corrected once at most.
CREATE FUNCTION refuse_release_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a release never changes: publish a correction' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER release_immutable BEFORE UPDATE OR DELETE ON release
    FOR EACH ROW EXECUTE FUNCTION refuse_release_change();
CREATE TRIGGER release_file_immutable BEFORE UPDATE OR DELETE ON release_file
    FOR EACH ROW EXECUTE FUNCTION refuse_release_change();
CREATE UNIQUE INDEX one_correction_of_release ON release (corrects_id) WHERE corrects_id IS NOT NULL;
-- Each release carries the seal of the one before it: one chain, without a fork.
CREATE UNIQUE INDEX one_release_after_each ON release ((document->'previous'->>'release')) NULLS NOT DISTINCT;
