"""When a batch without rows is due."""

from bondreplicate.core.news import PARKED_S, PAUSE_S, News


def test_positions_are_told_at_once_and_then_when_something_was_applied() -> None:
    news = News()
    assert news.decide_due_s(5, 0.0) == 0.0
    news.note(5, 0, 0.0)
    assert news.decide_due_s(5, 0.1) is None
    assert news.decide_due_s(6, 0.0) == PAUSE_S
    assert news.decide_due_s(6, 0.0 + PAUSE_S) == 0.0


def test_what_is_parked_is_tried_again_sooner_while_some_of_it_goes() -> None:
    news = News()
    news.note(5, 300, 0.0)
    assert news.decide_due_s(5, 0.0) == PARKED_S
    news.note(5, 200, 0.0)
    assert news.decide_due_s(5, 0.0) == PAUSE_S
    news.note(5, 200, 0.0)
    assert news.decide_due_s(5, 0.0) == PARKED_S
    news.note(5, 0, 0.0)
    assert news.decide_due_s(5, 0.0) is None
