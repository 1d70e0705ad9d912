"""Statements about the members of departments."""

from civic.accounts.queries import PERSON

USERS = """
SELECT u.id, u.email, u.email_confirmed_at IS NOT NULL AS confirmed, u.name, u.role, u.created_at,
       u.disabled_at IS NOT NULL AS disabled,
       array(SELECT d.slug FROM membership m JOIN department d ON d.id = m.department_id
             WHERE m.user_id = u.id ORDER BY d.slug) AS departments
FROM user_account u WHERE {which} ORDER BY u.role, u.email LIMIT $2
"""
# Who a session belongs to, and for which departments they act: only staff act for one.
MEMBER = PERSON.format(
    more=""",
       CASE WHEN u.role = 'citizen' THEN '{}'::bigint[]
            ELSE array(SELECT m.department_id FROM membership m WHERE m.user_id = u.id) END AS departments"""
)
