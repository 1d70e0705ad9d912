-- service_stars: how many ratings that count (public, not replaced) a service has, by stars.
CREATE FUNCTION count_stars(service bigint, given smallint, change integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO service_stars (service_id, stars, n) VALUES (service, given, change)
    ON CONFLICT (service_id, stars) DO UPDATE SET n = service_stars.n + change;
$$;

-- A rating is given, or replaced by a newer one of the same person.
CREATE FUNCTION rating_counts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    public boolean;
BEGIN
    -- FOR SHARE waits for a moderator who is hiding the post at this moment: else both would take its stars away.
    SELECT visibility = 'public' INTO public FROM post WHERE id = NEW.post_id FOR SHARE;
    IF public AND TG_OP = 'INSERT' AND NEW.replaced_at IS NULL THEN
        PERFORM count_stars(NEW.service_id, NEW.stars, 1);
    ELSIF public AND TG_OP = 'UPDATE' THEN
        PERFORM count_stars(NEW.service_id, NEW.stars, CASE WHEN NEW.replaced_at IS NULL THEN 1 ELSE -1 END);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER rating_given AFTER INSERT ON rating FOR EACH ROW EXECUTE FUNCTION rating_counts();
CREATE TRIGGER rating_replaced AFTER UPDATE OF replaced_at ON rating FOR EACH ROW
    WHEN ((OLD.replaced_at IS NULL) <> (NEW.replaced_at IS NULL)) EXECUTE FUNCTION rating_counts();

-- Its post is hidden, or restored.
CREATE FUNCTION rated_post_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_stars(service_id, stars, CASE WHEN NEW.visibility = 'public' THEN 1 ELSE -1 END)
    FROM rating WHERE post_id = NEW.id AND replaced_at IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER rated_post_hidden AFTER UPDATE OF visibility ON post FOR EACH ROW
    WHEN (NEW.kind = 'rating' AND (OLD.visibility = 'public') <> (NEW.visibility = 'public'))
    EXECUTE FUNCTION rated_post_counts();

-- A service's ratings, newest first.
CREATE INDEX rating_current ON rating (service_id, given_at DESC, id DESC) WHERE replaced_at IS NULL;
