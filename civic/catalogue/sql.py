"""Statements about the members of departments."""

USERS = """
SELECT u.id, u.email, u.email_confirmed_at IS NOT NULL AS confirmed, u.name, u.role, u.created_at,
       u.disabled_at IS NOT NULL AS disabled,
       array(SELECT d.slug FROM membership m JOIN department d ON d.id = m.department_id
             WHERE m.user_id = u.id ORDER BY d.slug) AS departments
FROM user_account u WHERE {which} ORDER BY u.role, u.email LIMIT $2
"""
DEPARTMENTS_OF_USER = "SELECT department_id FROM membership WHERE user_id = $1"
