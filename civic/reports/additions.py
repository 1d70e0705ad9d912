"""Photos that the author of a report adds to it later."""

from collections.abc import Sequence

from civic.cases import actions as cases
from civic.db import in_transaction, retry_transaction
from civic.errors import Conflict, Invalid
from civic.i18n import gettext as _
from civic.media.models import Photo
from civic.posts import actions as posts
from civic.posts.models import MAX_POST_PHOTOS
from civic.reports.queries import Speaker


@retry_transaction
async def add_photos(by: Speaker, photos: Sequence[Photo]) -> None:
    """Add photos to a report whose case is open; the history says so, and its department's form stays good.

    Raises Invalid (field "photos") for none, and Conflict for too many in all and for a case that is closed.
    """
    if not photos:
        raise Invalid(fields={"photos": _("Please choose a photo.")})
    async with in_transaction():
        if not await posts.add_photos(by.report.post_id, photos):
            raise Conflict(_("A report has at most %(n)s photos.", n=MAX_POST_PHOTOS))
        await cases.note_photos(by.report.case_id, by.actor, len(photos))
