-- The map. A point of it is a case whose main report everybody may see, as whole numbers of the map's square (Web
-- Mercator), 2^31 wide. A cell is a square of it at a zoom, named by one number: 1, then for each halving two bits, of y
-- and of x. So the cells within a cell are one range of numbers, and `cell >> 2` is the cell that holds it
-- (civic/geo/grid.py says the same in Python; tests/reports/test_map_cells.py compares them).
CREATE FUNCTION map_x(lon double precision) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT least(2147483647, greatest(0, floor((lon + 180) / 360 * 2147483648)))::integer
$$;
CREATE FUNCTION map_y(lat double precision) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT least(2147483647, greatest(0, floor(
        (0.5 - ln(tan(pi() / 4 + radians(greatest(-85.0, least(85.0, lat))) / 2)) / (2 * pi())) * 2147483648)))::integer
$$;
CREATE FUNCTION map_lon(x integer) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT x / 2147483648.0 * 360 - 180
$$;
CREATE FUNCTION map_lat(y integer) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT degrees(2 * atan(exp((0.5 - y / 2147483648.0::double precision) * 2 * pi())) - pi() / 2)
$$;
-- The bits of a number with room for another number's between them.
CREATE FUNCTION spread_bits(number bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    number := (number | (number << 16)) & x'0000FFFF0000FFFF'::bigint;
    number := (number | (number << 8)) & x'00FF00FF00FF00FF'::bigint;
    number := (number | (number << 4)) & x'0F0F0F0F0F0F0F0F'::bigint;
    number := (number | (number << 2)) & x'3333333333333333'::bigint;
    RETURN (number | (number << 1)) & x'5555555555555555'::bigint;
END
$$;
-- The cell of one unit (zoom 29).
CREATE FUNCTION map_cell(x integer, y integer) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (1::bigint << 62) | spread_bits(x) | (spread_bits(y) << 1)
$$;

-- 0 stands for no category, area or department. `late`: counted as overdue; a worker sets it when the time has come.
CREATE TABLE report_point (
    case_id bigint PRIMARY KEY,
    post_id bigint NOT NULL,
    cell bigint NOT NULL,
    received_at timestamptz NOT NULL,
    due_at timestamptz,
    x int NOT NULL,
    y int NOT NULL,
    category_id int NOT NULL,
    area_id int NOT NULL,
    department_id int NOT NULL,
    late boolean NOT NULL DEFAULT false,
    status varchar(12) NOT NULL
);
-- Holds everything that a map counts, so that the rows themselves are not read.
CREATE INDEX report_point_cell ON report_point (cell)
    INCLUDE (post_id, received_at, due_at, x, y, category_id, area_id, department_id, status);
CREATE INDEX report_point_due ON report_point (due_at) WHERE NOT late;

-- How many points each cell of the zooms 8 to 15 has, by what the map can be filtered by; `x` and `y` are sums.
CREATE TABLE report_cell (
    cell bigint NOT NULL,
    category_id int NOT NULL,
    area_id int NOT NULL,
    department_id int NOT NULL,
    late boolean NOT NULL,
    status varchar(12) NOT NULL,
    number int NOT NULL,
    x bigint NOT NULL,
    y bigint NOT NULL,
    PRIMARY KEY (cell, category_id, area_id, department_id, late, status)
) WITH (fillfactor = 80);
-- What came to the points and went (`number` is 1 or -1) and is not in report_cell yet. Every count adds it, so the counts
-- are right whether or not a worker runs; and transactions that change reports never wait for one row of a cell.
CREATE TABLE report_cell_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cell bigint NOT NULL,              -- of zoom 15
    category_id int NOT NULL,
    area_id int NOT NULL,
    department_id int NOT NULL,
    late boolean NOT NULL,
    status varchar(12) NOT NULL,
    number int NOT NULL,
    x bigint NOT NULL,
    y bigint NOT NULL
);
CREATE INDEX report_cell_change_cell ON report_cell_change (cell);

-- The points as they should be.
CREATE VIEW report_point_source AS
SELECT c.id AS case_id, r.post_id, map_cell(map_x(r.lon), map_y(r.lat)) AS cell, c.received_at, c.due_at,
       map_x(r.lon) AS x, map_y(r.lat) AS y, coalesce(c.category_id, 0)::int AS category_id,
       coalesce(c.area_id, 0)::int AS area_id, coalesce(c.department_id, 0)::int AS department_id, c.status
FROM report r JOIN case_file c ON c.id = r.case_id JOIN post p ON p.id = r.post_id
WHERE r.main AND p.visibility = 'public';

-- Makes the points of these cases what they should be. The rows that decide are locked before they are read: a
-- transaction that hides a post at this moment ends first, or sees the point that was made.
-- By one plan for any number of cases: to plan these statements for each post takes four milliseconds, to run them a half.
CREATE FUNCTION put_report_points(ids bigint[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    PERFORM FROM report r JOIN case_file c ON c.id = r.case_id JOIN post p ON p.id = r.post_id
    WHERE r.case_id = ANY(ids) AND r.main ORDER BY c.id FOR NO KEY UPDATE OF c, p;
    DELETE FROM report_point m WHERE m.case_id = ANY(ids)
        AND NOT EXISTS (SELECT FROM report_point_source s WHERE s.case_id = m.case_id);
    INSERT INTO report_point AS m (case_id, post_id, cell, received_at, due_at, x, y, category_id, area_id,
                                   department_id, status)
    SELECT case_id, post_id, cell, received_at, due_at, x, y, category_id, area_id, department_id, status
    FROM report_point_source WHERE case_id = ANY(ids)
    ON CONFLICT (case_id) DO UPDATE SET
        post_id = excluded.post_id, cell = excluded.cell, received_at = excluded.received_at, due_at = excluded.due_at,
        x = excluded.x, y = excluded.y, category_id = excluded.category_id, area_id = excluded.area_id,
        department_id = excluded.department_id, status = excluded.status,
        late = m.late AND m.due_at IS NOT DISTINCT FROM excluded.due_at
    WHERE (m.post_id, m.cell, m.received_at, m.due_at, m.category_id, m.area_id, m.department_id, m.status)
        IS DISTINCT FROM (excluded.post_id, excluded.cell, excluded.received_at, excluded.due_at, excluded.category_id,
                          excluded.area_id, excluded.department_id, excluded.status);
END
$$;

CREATE FUNCTION keep_points_of_reports() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM put_report_points(ARRAY(SELECT DISTINCT case_id FROM changed));
    RETURN NULL;
END
$$;
CREATE TRIGGER report_point_added AFTER INSERT ON report REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION keep_points_of_reports();
CREATE TRIGGER report_point_removed AFTER DELETE ON report REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION keep_points_of_reports();

CREATE FUNCTION keep_point_of_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM put_report_points(ARRAY[OLD.case_id, NEW.case_id]);
    RETURN NULL;
END
$$;
CREATE TRIGGER report_point_moved AFTER UPDATE ON report
    FOR EACH ROW WHEN ((OLD.case_id, OLD.main, OLD.lat, OLD.lon) IS DISTINCT FROM (NEW.case_id, NEW.main, NEW.lat, NEW.lon))
    EXECUTE FUNCTION keep_point_of_report();

CREATE FUNCTION keep_point_of_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM put_report_points(ARRAY(SELECT case_id FROM report WHERE post_id = NEW.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER report_point_shown AFTER UPDATE ON post
    FOR EACH ROW WHEN ((OLD.visibility = 'public') <> (NEW.visibility = 'public')) EXECUTE FUNCTION keep_point_of_post();

-- Makes no point: whether a case has one is what its reports say.
CREATE FUNCTION keep_point_of_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE report_point SET
        status = NEW.status, category_id = coalesce(NEW.category_id, 0), area_id = coalesce(NEW.area_id, 0),
        department_id = coalesce(NEW.department_id, 0), received_at = NEW.received_at, due_at = NEW.due_at,
        late = late AND due_at IS NOT DISTINCT FROM NEW.due_at
    WHERE case_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER report_point_case AFTER UPDATE ON case_file
    FOR EACH ROW WHEN (
        (OLD.status, OLD.category_id, OLD.area_id, OLD.department_id, OLD.received_at, OLD.due_at)
        IS DISTINCT FROM (NEW.status, NEW.category_id, NEW.area_id, NEW.department_id, NEW.received_at, NEW.due_at))
    EXECUTE FUNCTION keep_point_of_case();

CREATE FUNCTION note_added_points() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO report_cell_change (cell, category_id, area_id, department_id, late, status, number, x, y)
    SELECT cell >> 28, category_id, area_id, department_id, late, status, 1, x, y FROM added;
    RETURN NULL;
END
$$;
CREATE FUNCTION note_removed_points() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO report_cell_change (cell, category_id, area_id, department_id, late, status, number, x, y)
    SELECT cell >> 28, category_id, area_id, department_id, late, status, -1, -x::bigint, -y::bigint FROM removed;
    RETURN NULL;
END
$$;
CREATE FUNCTION note_changed_points() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO report_cell_change (cell, category_id, area_id, department_id, late, status, number, x, y)
    SELECT v.cell >> 28, v.category_id, v.area_id, v.department_id, v.late, v.status, v.number,
           v.x::bigint * v.number, v.y::bigint * v.number
    FROM added a JOIN removed r USING (case_id)
    CROSS JOIN LATERAL (VALUES
        (r.cell, r.category_id, r.area_id, r.department_id, r.late, r.status, r.x, r.y, -1),
        (a.cell, a.category_id, a.area_id, a.department_id, a.late, a.status, a.x, a.y, 1)
    ) v (cell, category_id, area_id, department_id, late, status, x, y, number)
    WHERE (a.cell, a.category_id, a.area_id, a.department_id, a.late, a.status)
        <> (r.cell, r.category_id, r.area_id, r.department_id, r.late, r.status);
    RETURN NULL;
END
$$;
CREATE TRIGGER report_cell_added AFTER INSERT ON report_point REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_added_points();
CREATE TRIGGER report_cell_removed AFTER DELETE ON report_point REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION note_removed_points();
CREATE TRIGGER report_cell_changed AFTER UPDATE ON report_point REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_changed_points();

-- What was reported of a numbered thing.
CREATE INDEX report_asset_id ON report (asset_id) WHERE asset_id IS NOT NULL;
