"""What a post is found by stands in the index alone."""

from tortoise import migrations
from tortoise.contrib.postgres.fields import TSVectorField
from tortoise.contrib.postgres.indexes import GinIndex
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("civic", "0009_search")]
    operations = [
        ops.RemoveIndex(model_name="Post", fields=["words"], name="post_words"),
        ops.RemoveField(model_name="Post", name="words"),
    ]
