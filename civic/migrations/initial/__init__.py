"""What the first migration makes: the tables by domain, and beside them, in SQL, what models cannot say."""
