"""What happens next in the demo city."""

from civic.cases.status import Status

# A case in one of these statuses is worked on next; the oldest change first.
NEXT_CASE = f"""
SELECT c.id, c.status, c.department_id, p.language, p.author_id, k.code AS category FROM case_file c
LEFT JOIN category k ON k.id = c.category_id
JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id
WHERE p.channel = 'demo' AND c.department_id IS NOT NULL
  AND c.status IN ('{Status.ASSIGNED}', '{Status.IN_PROGRESS}', '{Status.RESOLVED}')
ORDER BY random() LIMIT 1
"""
ANY_REPORT = """
SELECT p.id, p.language, k.code AS category FROM post p JOIN report r ON r.post_id = p.id
JOIN case_file c ON c.id = r.case_id LEFT JOIN category k ON k.id = c.category_id WHERE p.visibility = 'public'
ORDER BY p.created_at DESC OFFSET $1 LIMIT 1
"""
ANY_UPDATE = "SELECT id FROM traffic_update WHERE expires_at > $1 ORDER BY random() LIMIT 1"
NEXT_STEP = "SELECT min(step_at) AS at FROM clock WHERE step_at <= $1"
