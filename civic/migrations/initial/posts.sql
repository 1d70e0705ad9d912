-- The order "most supported" of the public list.
CREATE INDEX post_supported ON post (votes_count DESC, id DESC) WHERE kind = 'report' AND visibility = 'public';
-- Hidden posts are few; to find them the texts of all posts would have to be read.
CREATE INDEX post_hidden ON post (id) WHERE visibility = 'hidden';
-- The moderators' queue of posts and comments that are held.
CREATE INDEX post_held ON post (id) WHERE visibility = 'held';
CREATE INDEX comment_held ON comment (id) WHERE held;
