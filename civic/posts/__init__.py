"""What citizens write, and what other people add.

A *Post* is of one kind (report, traffic, rating). *Comments*, *votes*, *flags* and *moderation* know posts and nothing
else, so each is written once. Counts on a post always equal its rows."""
