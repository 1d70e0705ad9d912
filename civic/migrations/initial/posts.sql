-- The order "most supported" of the public list.
CREATE INDEX post_supported ON post (votes_count DESC, id DESC) WHERE kind = 'report' AND visibility = 'public';
-- Hidden posts are few; to find them the texts of all posts would have to be read.
CREATE INDEX post_hidden ON post (id) WHERE visibility = 'hidden';
