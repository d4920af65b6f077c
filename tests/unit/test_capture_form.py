"""Sites make their capture triggers anew after an upgrade that changes their form."""

import hashlib

from bondreplicate.border.sqlfiles import template
from bondreplicate.core.shapes import CAPTURED_AS

FORM = (5, "dd03f55f216e99b4")
NAMES = (
    "capture", "capture_columns", "capture_counters", "capture_rows", "counted_insert",
    "counted_delete", "counted_truncate", "counted_spelling", "counters_fit", "by_index", "attach",
    "attach_columns", "pinned",
)  # fmt: skip


def test_a_new_form_has_a_new_number() -> None:
    texts = [template(name) for name in NAMES]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    assert (CAPTURED_AS, digest) == FORM, "raise CAPTURED_AS, and write both down here"
