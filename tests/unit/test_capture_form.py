"""Sites make their capture triggers anew after an upgrade that changes their form."""

import hashlib

from bondreplicate.border.sqlfiles import template
from bondreplicate.core.shapes import CAPTURED_AS

FORM = (2, "216fe0950631ca3d")


def test_a_new_form_has_a_new_number() -> None:
    texts = [template(name) for name in ("capture", "attach", "pinned")]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    assert (CAPTURED_AS, digest) == FORM, "raise CAPTURED_AS, and write both down here"
