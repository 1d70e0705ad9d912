-- Metres between two positions in degrees, on the mean sphere (haversine; within 0.5 % of the ellipsoid).
CREATE FUNCTION metres_between(lat1 double precision, lon1 double precision, lat2 double precision, lon2 double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT 2 * 6371008.8 * asin(sqrt(least(1,
        power(sin(radians(lat2 - lat1) / 2), 2)
        + cos(radians(lat1)) * cos(radians(lat2)) * power(sin(radians(lon2 - lon1) / 2), 2))))
$$;

-- The gazetteer. Names are folded (geo/gazetteer.py: compact) and compared byte by byte, so that a range finds what
-- begins like a text; reversed, what ends like it.
CREATE TABLE place_name (
    name text COLLATE "C" NOT NULL,
    place_id bigint NOT NULL REFERENCES place ON DELETE CASCADE,
    PRIMARY KEY (name, place_id)
);
CREATE INDEX place_name_reversed ON place_name (reverse(name) COLLATE "C");
CREATE INDEX place_name_place ON place_name (place_id);

-- A house by its street; a house with several numbers has a row for each. `shown` is the number as it is written.
CREATE TABLE house_number (
    place_id bigint NOT NULL REFERENCES place ON DELETE CASCADE,
    number text COLLATE "C" NOT NULL,
    shown text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    PRIMARY KEY (place_id, number)
);
CREATE INDEX house_number_position ON house_number (lat, lon);

-- Where two streets meet, once for each order of the two.
CREATE TABLE crossing (
    place_id bigint NOT NULL REFERENCES place ON DELETE CASCADE,
    other_id bigint NOT NULL REFERENCES place ON DELETE CASCADE,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    PRIMARY KEY (place_id, other_id, lat, lon)
);
CREATE INDEX crossing_other ON crossing (other_id);

-- Stretches of streets: longitude and latitude as pairs of int4 in 1e-7 degrees, and the box (lon, lat) of each stretch.
CREATE TABLE street_part (
    place_id bigint NOT NULL REFERENCES place ON DELETE CASCADE,
    extent box NOT NULL,
    positions bytea NOT NULL
);
CREATE INDEX street_part_extent ON street_part USING gist (extent);
CREATE INDEX street_part_place ON street_part (place_id);
