"""A made-up kind of post: what people lost or found. It shows what a kind of post takes, and that it takes no more."""
