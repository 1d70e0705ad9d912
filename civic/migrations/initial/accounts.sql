-- An address belongs to the account whose owner showed that it is theirs; others may wait for that under the same one.
CREATE UNIQUE INDEX user_account_confirmed_email ON user_account (email) WHERE email_confirmed_at IS NOT NULL;
