-- A service's ratings, newest first.
CREATE INDEX rating_current ON rating (service_id, given_at DESC, id DESC) WHERE replaced_at IS NULL;
