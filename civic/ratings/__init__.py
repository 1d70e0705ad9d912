"""Services and what people say of them.

A *service* is something the public uses; its guide comes with the pack. A *rating* is a post with one to five stars.
Of one person's ratings of a service within 30 days the newest counts; those that count and are public make the
service's stars (`service_stars`), which the actions here keep.
"""
