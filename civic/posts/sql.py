"""The statements of the posts."""

# Begins the SELECT of a source on the table `area`: the changed areas and those within them.
AREAS_BELOW = """WITH RECURSIVE below (id) AS (
        SELECT id FROM changed UNION SELECT area.id FROM area JOIN below ON area.parent_id = below.id)"""
