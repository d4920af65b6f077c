"""Sites make their capture triggers anew after an upgrade that changes their form."""

import hashlib

from bondreplicate.border.sqlfiles import template
from bondreplicate.core.shapes import CAPTURED_AS

FORM = (3, "77e4e16a89786bae")


def test_a_new_form_has_a_new_number() -> None:
    texts = [template(name) for name in ("capture", "capture_columns", "attach", "pinned")]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    assert (CAPTURED_AS, digest) == FORM, "raise CAPTURED_AS, and write both down here"
