"""The statements of the documents and the map of the traffic board."""

PUBLIC_UPDATES = """
SELECT p.id AS post_id, t.id, t.kind, p.text, p.votes_count, p.created_at, t.lat, t.lon, t.area_id, t.place, t.near,
       t.expires_at, ph.name AS cover, ph.width, ph.height
FROM post p JOIN traffic_update t ON t.post_id = p.id LEFT JOIN photo ph ON ph.id = p.cover_id
WHERE p.id = ANY($1) AND p.visibility = 'public'
"""
# The posts of updates that ended by themselves between two instants, in Unix seconds.
ENDED_BETWEEN = """
SELECT post_id FROM traffic_update WHERE expires_at > to_timestamp($1) AND expires_at <= to_timestamp($2)
"""
# The map: `live` is what queries.live_conditions gives, the numbers those of its next arguments.
MAP_CLUSTERS = """
SELECT avg(t.lat) AS lat, avg(t.lon) AS lon, count(*) AS count {live}
GROUP BY floor(t.lon / ${wide}), floor(t.lat / ${high})
"""
